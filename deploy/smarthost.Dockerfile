# The smarthost of compose.yaml: a Postfix that takes mail from the guard's network and sends it on.
FROM debian:bookworm-slim
# hadolint ignore=DL3008
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postfix ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && postconf -e "maillog_file = /dev/stdout" "inet_protocols = ipv4" "mydestination =" "local_recipient_maps =" \
        "mynetworks = 127.0.0.0/8 172.30.25.0/24" "smtpd_relay_restrictions = permit_mynetworks, reject" \
        "smtp_tls_security_level = may" "smtp_tls_CApath = /etc/ssl/certs" "message_size_limit = 52428800" \
        "biff = no" "disable_vrfy_command = yes" "smtpd_forbid_bare_newline = yes"
EXPOSE 25
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=20s --retries=3 CMD ["postfix", "status"]
# RELAYHOST: the provider's server, such as [smtp.provider.example]:587; empty sends straight to the recipients' servers.
CMD ["sh", "-c", "postconf -e \"myhostname = ${MYHOSTNAME:-smarthost.example}\" \"relayhost = ${RELAYHOST:-}\" && exec postfix start-fg"]
