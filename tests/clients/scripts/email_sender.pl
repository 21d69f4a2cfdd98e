# Sends a task (JSON on standard input) with Perl's Email::Sender, which uses Net::SMTP.
use strict;
use warnings;
use JSON::PP;
use File::Copy;
use Email::Sender::Simple qw(sendmail);
use Email::Sender::Transport::SMTP;

my $task = decode_json(do { local $/; <STDIN> });
my $raw = do { local $/; open(my $file, '<:raw', $task->{raw_file}) or die $!; <$file> };
my $transport = Email::Sender::Transport::SMTP->new({
    host => $task->{host}, port => $task->{port}, helo => 'pc.example', timeout => 60,
    ssl => $task->{tls} eq 'implicit' ? 'ssl' : 'starttls',
    ssl_options => { SSL_ca_file => $task->{ca_file}, SSL_verify_mode => 1 },
    $task->{password} ? (sasl_username => $task->{account}, sasl_password => $task->{password}) : (),
});
my $sent = sendmail($raw, { transport => $transport, from => $task->{sender}, to => $task->{recipients} });
print ref($sent), ' ', $sent->message // '', "\n";
copy($task->{raw_file}, $task->{sent_file}) or die $!;
