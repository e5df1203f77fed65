<?php
// Composer, in the process of the program itself, on a project whose only repository is on loopback.

require '/usr/share/php/Composer/autoload.php';

if (!class_exists('Normalizer')) {
    /** intl is not loaded: Composer's own messages are ASCII, which is in every normal form. */
    class Normalizer
    {
        public const FORM_D = 4;
        public const FORM_KD = 8;
        public const FORM_C = 16;
        public const FORM_KC = 32;
        public const NFC = 16;
        public const NFD = 4;
        public const NFKC = 32;
        public const NFKD = 8;

        public static function normalize(string $text): string
        {
            return $text;
        }

        public static function isNormalized(): bool
        {
            return true;
        }
    }

    function normalizer_is_normalized(): bool
    {
        return true;
    }

    function normalizer_normalize(string $text): string
    {
        return $text;
    }
}

/** Run a command of Composer's in /tmp/project; returns its exit status. What it says goes to stderr. */
function composer(string $command, string ...$arguments): int
{
    if (!is_dir('/tmp/project')) {
        mkdir('/tmp/project');
        file_put_contents('/tmp/project/composer.json', json_encode([
            'repositories' => [['packagist.org' => false], ['type' => 'composer', 'url' => getenv('HTTP_URL')]],
            'config' => ['disable-tls' => true, 'secure-http' => false],
        ]));
    }
    putenv('COMPOSER_HOME=/tmp/home');
    putenv('COMPOSER_ALLOW_SUPERUSER=1');
    putenv('COLUMNS=80');
    putenv('LINES=25');
    chdir('/tmp/project');
    $application = new Composer\Console\Application();
    $application->setAutoExit(false);
    $input = new Symfony\Component\Console\Input\StringInput(implode(' ', [$command, ...$arguments, '--no-interaction', '--no-progress']));
    $output = new Symfony\Component\Console\Output\StreamOutput(fopen('php://stderr', 'w'));
    return $application->run($input, $output);
}
