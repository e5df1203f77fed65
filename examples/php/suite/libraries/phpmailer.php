<?php
// PHPMailer sends a letter by SMTP; what has arrived is asked for by HTTP.
// prints: sent: hello there

require '/usr/share/php/libphp-phpmailer/autoload.php';

$subject = 'letter' . bin2hex(random_bytes(8));
$mail = new PHPMailer\PHPMailer\PHPMailer(true);
$mail->isSMTP();
$mail->Host = '127.0.0.1';
$mail->Port = (int) getenv('SMTP_PORT');
$mail->SMTPAutoTLS = false;
$mail->setFrom('me@localhost.localdomain');
$mail->addAddress('you@localhost.localdomain');
$mail->Subject = $subject;
$mail->Body = 'hello there';
$mail->send();
echo 'sent: ', file_get_contents(getenv('HTTP_URL') . "/mail/$subject"), "\n";
