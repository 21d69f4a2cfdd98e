#!/usr/bin/env bash
# Runs a command of a clean clone on a machine that has nothing: a new Debian 12 in a folder, made by debootstrap. As root.
#   tests/chroot.sh                                      ./tests/run.sh, everything
#   tests/chroot.sh ./tests/run.sh core edges            some parts
#   tests/chroot.sh ./deploy/quickstart.sh --once        the demo
# FOLDER (default /var/tmp/mailguard-chroot) says where; it is made anew, takes 4 GB and stays, to look at what failed.
# It has this machine's network, processes and local certificates, and nothing else of it: what is not committed neither.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${FOLDER:-/var/tmp/mailguard-chroot}
mirror=${MIRROR:-http://deb.debian.org}
[ $# -gt 0 ] || set -- ./tests/run.sh
mounts=(proc sys dev dev/pts dev/shm)

[ "$(id -u)" -eq 0 ] || { echo "chroot.sh makes a machine of its own: run it as root" >&2; exit 2; }
command -v debootstrap >/dev/null || apt-get install -y -qq --no-install-recommends debootstrap >/dev/null

leave() {
    local index
    for ((index = ${#mounts[@]} - 1; index >= 0; index--)); do
        ! mountpoint -q "$folder/${mounts[index]}" || umount -l "$folder/${mounts[index]}"
    done
}
leave
[ ! -e "$folder" ] || [ -e "$folder/.mailguard-chroot" ] || { echo "$folder is not one of ours: name another FOLDER" >&2; exit 2; }
rm -rf --one-file-system "$folder"
mkdir -p "$folder"
touch "$folder/.mailguard-chroot"
debootstrap --variant=minbase --include=python3,git,ca-certificates bookworm "$folder" "$mirror/debian" >"$folder.log"
cat >"$folder/etc/apt/sources.list" <<END
deb $mirror/debian bookworm main
deb $mirror/debian bookworm-updates main
deb $mirror/debian-security bookworm-security main
END
cp /etc/resolv.conf /etc/hosts "$folder/etc/"
trap leave EXIT
for each in "${mounts[@]}"; do
    mkdir -p "$folder/$each"
    mount --bind "/$each" "$folder/$each"
done
# A network that looks into connections has a certificate of its own; pip and npm bring lists that do not know it.
if compgen -G '/usr/local/share/ca-certificates/*.crt' >/dev/null; then
    cp /usr/local/share/ca-certificates/*.crt "$folder/usr/local/share/ca-certificates/"
    chroot "$folder" update-ca-certificates >/dev/null
    printf '[global]\ncert=/etc/ssl/certs/ca-certificates.crt\n' >"$folder/etc/pip.conf"
    printf 'cafile=/etc/ssl/certs/ca-certificates.crt\n' >"$folder/root/.npmrc"
fi
# Not in the folder of root, which the users of services do not see.
git clone -q . "$folder/srv/mailguard"
chroot "$folder" /usr/bin/env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin CI="${CI:-}" \
    sh -c 'cd /srv/mailguard && exec "$@"' sh "$@"
