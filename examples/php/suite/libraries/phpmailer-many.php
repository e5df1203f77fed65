<?php
// PHPMailer keeps its connection for two letters, and tells a callback, which waits.
// waits: http
// prints: told told

require __DIR__ . '/../fetch.php';

require '/usr/share/php/libphp-phpmailer/autoload.php';

$mail = new PHPMailer\PHPMailer\PHPMailer(true);
$mail->isSMTP();
$mail->Host = '127.0.0.1';
$mail->Port = (int) getenv('SMTP_PORT');
$mail->SMTPAutoTLS = false;
$mail->SMTPKeepAlive = true;
$mail->setFrom('me@localhost.localdomain');
$mail->Subject = 'many';
$mail->Body = 'text';
$mail->action_function = function () use (&$said) {
    $said[] = fetch('told');
};
foreach (['one', 'two'] as $name) {
    $mail->clearAddresses();
    $mail->addAddress("$name@localhost.localdomain");
    $mail->send();
}
$mail->smtpClose();
echo implode(' ', $said), "\n";
