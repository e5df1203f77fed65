<?php
// change_user, ping, select_db and stat.
// prints: yes yes

require __DIR__ . '/../fetch.php';

$link = mysqli();
echo $link->change_user('php', 'secret', 'shop') ? 'yes' : 'no', ' ', $link->select_db('shop') ? 'yes' : 'no', "\n";
