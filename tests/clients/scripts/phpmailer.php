<?php
// Sends a task (JSON on standard input) with PHPMailer.
use PHPMailer\PHPMailer\PHPMailer;
foreach (['Exception', 'PHPMailer', 'SMTP'] as $part) {
    require "/usr/share/php/libphp-phpmailer/src/$part.php";
}
$task = json_decode(stream_get_contents(STDIN), true);
$mailer = new PHPMailer(true);
try {
    $mailer->isSMTP();
    $mailer->Host = $task['host'];
    $mailer->Port = $task['port'];
    $mailer->Helo = 'pc.example';
    $mailer->SMTPDebug = 2;
    $mailer->SMTPSecure = $task['tls'] === 'implicit' ? PHPMailer::ENCRYPTION_SMTPS : PHPMailer::ENCRYPTION_STARTTLS;
    $mailer->SMTPOptions = ['ssl' => ['cafile' => $task['ca_file']]];
    $mailer->SMTPAuth = $task['password'] !== null;
    $mailer->Username = $task['account'];
    $mailer->Password = $task['password'] ?? '';
    $mailer->CharSet = 'utf-8';
    $mailer->setFrom($task['sender'], 'Jo Reid');
    $mailer->addAddress($task['to']);
    foreach ($task['cc'] as $each) {
        $mailer->addCC($each);
    }
    foreach ($task['files'] as $each) {
        $mailer->addAttachment($each);
    }
    $mailer->Subject = $task['subject'];
    $mailer->Body = $task['text'];
    $mailer->preSend();
    file_put_contents($task['sent_file'], $mailer->getSentMIMEMessage() . "\r\n"); // it ends data with one more
    $mailer->postSend();
    echo $mailer->getSMTPInstance()->getLastReply();
} catch (Exception $error) {
    fwrite(STDERR, $error->getMessage() . "\n");
    exit(1);
}
