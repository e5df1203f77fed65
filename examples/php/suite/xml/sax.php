<?php
// The handlers of a SAX parser wait.
// waits: http pdo
// prints: <a>word</a>

require __DIR__ . '/../fetch.php';

$parser = xml_parser_create();
xml_parser_set_option($parser, XML_OPTION_CASE_FOLDING, 0);
xml_set_element_handler(
    $parser,
    function ($parser, string $name) {
        echo '<', fetch($name), '>';
    },
    function ($parser, string $name) {
        echo '</', fetch($name), '>';
    },
);
xml_set_character_data_handler($parser, function ($parser, string $text) {
    echo fetch($text);
});
xml_parse($parser, '<a>word</a>', true);
echo "\n";
