<?php
// A command of Symfony's console waits while it runs.
// waits: http socket
// prints: word

require __DIR__ . '/../fetch.php';

require '/usr/share/php/Symfony/Component/Console/autoload.php';

use Symfony\Component\Console\Application;
use Symfony\Component\Console\Input\ArrayInput;
use Symfony\Component\Console\Output\StreamOutput;

$application = new Application();
$application->setAutoExit(false);
$application->register('ask')->setCode(function ($input, $output) {
    $output->writeln(fetch('word'));
    return 0;
});
$application->run(new ArrayInput(['command' => 'ask']), new StreamOutput(fopen('php://output', 'w')));
