<?php
// --- mysqli
if (DB_PORT) {
    mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
    $db = new mysqli('127.0.0.1', 'root', '', '', DB_PORT);
    $db->query('CREATE DATABASE IF NOT EXISTS explored');
    $db->select_db('explored');
    $db->query('CREATE TEMPORARY TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(20))');
    $db->begin_transaction();
    $db->query("INSERT INTO t (v) VALUES ('a'), ('b')");
    $db->commit();
    $db->autocommit(false);
    $db->rollback();
    $db->savepoint('s');
    $db->release_savepoint('s');
    $db->autocommit(true);
    foreach ([MYSQLI_STORE_RESULT, MYSQLI_USE_RESULT] as $mode) {
        $result = $db->query('SELECT * FROM t', $mode);
        $result->fetch_assoc();
        $result->fetch_object('Other');
        $result->fetch_all();
        $result->free();
    }
    $db->real_query('SELECT 1');
    $db->store_result()->fetch_row();
    $db->multi_query('SELECT 1; SELECT 2');
    do {
        if ($result = $db->store_result()) {
            $result->fetch_row();
        }
    } while ($db->more_results() && $db->next_result());
    foreach ([0, 1] as $store) {
        $statement = $db->prepare('SELECT id, v FROM t WHERE id > ? AND v <> ?');
        $id = 0;
        $v = new Magic('x');
        $statement->bind_param('is', $id, $v);
        $statement->execute();
        if ($store) {
            $statement->store_result();
        }
        $statement->bind_result($one, $two);
        $statement->fetch();
        $statement->free_result();
        $statement->execute([0, new Magic('q')]);
        $statement->get_result()->fetch_all(MYSQLI_ASSOC);
        $statement->reset();
        $statement->close();
    }
    $blob = $db->prepare('INSERT INTO t (v) VALUES (?)');
    $null = null;
    $blob->bind_param('b', $null);
    $blob->send_long_data(0, 'long');
    $blob->execute();
    $cursor = $db->prepare('SELECT v FROM t');
    $cursor->attr_set(MYSQLI_STMT_ATTR_CURSOR_TYPE, MYSQLI_CURSOR_TYPE_READ_ONLY);
    $cursor->execute();
    $cursor->bind_result($one);
    $cursor->fetch();
    $cursor->fetch();
    $cursor->close();
    $db->execute_query('SELECT ?', [new Magic('p')])->fetch_row();
    $db->query('SELECT 1', MYSQLI_ASYNC);
    $links = $errors = $reject = [$db];
    mysqli_poll($links, $errors, $reject, 1);
    $db->reap_async_query()->fetch_row();
    foreach (['ping', 'stat', 'dump_debug_info', 'refresh', 'get_charset', 'get_warnings', 'character_set_name'] as $method) {
        try {
            $method === 'refresh' ? $db->refresh(1) : $db->$method();
        } catch (Throwable) {
        }
    }
    $db->set_charset('utf8mb4');
    $db->options(MYSQLI_OPT_LOCAL_INFILE, 1);
    $db->change_user('root', '', 'explored');
    $db->kill($db->thread_id);
    try {
        $db->query('SELECT 1');
    } catch (Throwable) {
    }
}
// --- mysqli-procedural
if (DB_PORT) {
    $db = mysqli_init();
    mysqli_options($db, MYSQLI_OPT_CONNECT_TIMEOUT, 2);
    mysqli_real_connect($db, '127.0.0.1', 'root', '', 'mysql', DB_PORT);
    $result = mysqli_query($db, 'SELECT 1 UNION SELECT 2', MYSQLI_USE_RESULT);
    mysqli_fetch_array($result);
    mysqli_free_result($result);
    $statement = mysqli_stmt_init($db);
    mysqli_stmt_prepare($statement, 'SELECT 1');
    mysqli_stmt_execute($statement);
    $result = mysqli_stmt_get_result($statement);
    mysqli_stmt_close($statement);
    mysqli_begin_transaction($db);
    mysqli_commit($db);
    mysqli_multi_query($db, 'SELECT 1; SELECT 2');
    mysqli_use_result($db);
    mysqli_close($db);
    $persistent = mysqli_connect('p:127.0.0.1', 'root', '', 'mysql', DB_PORT);
    mysqli_close($persistent);
    mysqli_connect('p:127.0.0.1', 'root', '', 'mysql', DB_PORT);
    try { mysqli_connect('127.0.0.1', 'root', 'wrong', 'mysql', DB_PORT); } catch (Throwable) {}
}
// --- pdo-mysql
if (DB_PORT) {
    foreach ([true, false] as $emulate) {
        foreach ([true, false] as $buffered) {
            $db = new PDO('mysql:host=127.0.0.1;dbname=mysql;port=' . DB_PORT, 'root', '', [
                PDO::ATTR_EMULATE_PREPARES => $emulate, PDO::MYSQL_ATTR_USE_BUFFERED_QUERY => $buffered, PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
                PDO::ATTR_PERSISTENT => $emulate && $buffered,
            ]);
            $db->beginTransaction();
            $db->commit();
            $db->beginTransaction();
            $db->rollBack();
            $db->exec('CREATE TEMPORARY TABLE pt (a INT, b VARCHAR(9))');
            $db->lastInsertId();
            $db->quote('x');
            foreach ([PDO::FETCH_ASSOC, PDO::FETCH_OBJ, PDO::FETCH_NUM, PDO::FETCH_BOTH, PDO::FETCH_COLUMN] as $mode) {
                $db->query('SELECT 1 AS a UNION SELECT 2')->fetchAll($mode);
            }
            $db->query('SELECT 1 AS k, 2 AS v')->fetchAll(PDO::FETCH_KEY_PAIR);
            $db->query('SELECT 1 AS k, 2 AS v')->fetchAll(PDO::FETCH_FUNC, 'waiter');
            $db->query('SELECT 1 AS k, 2 AS v')->fetchAll(PDO::FETCH_CLASS, 'Magic');
            $db->query('SELECT 1 AS k, 2 AS v')->fetchObject('Magic');
            $statement = $db->prepare('SELECT ? AS a');
            $value = new Magic('m');
            $statement->bindParam(1, $value);
            $statement->execute();
            $statement->bindColumn(1, $bound);
            $statement->fetch(PDO::FETCH_BOUND);
            $statement->closeCursor();
            $statement->execute([new Magic('n')]);
            foreach ($statement as $row) {
            }
            $statement->setFetchMode(PDO::FETCH_INTO, new Magic());
            $statement->execute([1]);
            $statement->fetch();
            $statement->fetchColumn();
            $statement->nextRowset();
            try { $db->query('SELECT 1; SELECT 2')->nextRowset(); } catch (Throwable) {}
            $db->getAttribute(PDO::ATTR_SERVER_INFO);
            $db->setAttribute(PDO::ATTR_AUTOCOMMIT, 0);
            try { $db->exec('nonsense'); } catch (Throwable) {}
        }
    }
}
// --- sqlite-callbacks
$db = database();
$db->query('SELECT adds(n), waits(v) FROM t GROUP BY v ORDER BY v COLLATE waits')->fetchArray();
$db->querySingle('SELECT waits(1)');
$db->exec('CREATE TABLE u AS SELECT waits(v) AS w FROM t; CREATE INDEX i ON t (v COLLATE waits); INSERT INTO t SELECT waits(v), 9 FROM t');
$db->exec('CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT waits(NEW.v); END; INSERT INTO t VALUES (1, 2); UPDATE t SET v = waits(v); DELETE FROM t WHERE waits(n)');
$db->setAuthorizer(callback(4));
$db->query('SELECT v FROM t WHERE v = waits(1) OR v IN (SELECT waits(2))');
$statement = $db->prepare('SELECT waits(:a)');
$statement->bindValue(':a', new Magic('1'));
$other = new Magic('2');
$statement->bindParam(':b', $other);
$result = $statement->execute();
while ($result->fetchArray()) {
}
$result->reset();
$result->finalize();
$db->createFunction('waits', fn () => throw new Exception());
$db->backup(new SQLite3(':memory:'));
$db->openBlob('t', 'v', 1);
// --- pdo-sqlite-callbacks
$db = pdo();
foreach ([PDO::FETCH_ASSOC, PDO::FETCH_OBJ, PDO::FETCH_NUM, PDO::FETCH_COLUMN, PDO::FETCH_LAZY] as $mode) {
    $db->query('SELECT waits(v), adds(n) FROM t GROUP BY v ORDER BY v COLLATE waits')->fetchAll($mode === PDO::FETCH_LAZY ? PDO::FETCH_BOTH : $mode);
}
$db->query('SELECT waits(v) AS k, n FROM t')->fetchAll(PDO::FETCH_FUNC, 'waiter');
$db->query('SELECT waits(v) AS k, n FROM t')->fetchAll(PDO::FETCH_CLASS, 'Magic');
$db->query('SELECT waits(v) AS k, n FROM t')->fetchAll(PDO::FETCH_CLASS | PDO::FETCH_CLASSTYPE);
$db->query('SELECT waits(v) AS k, n FROM t', PDO::FETCH_CLASS, 'Magic')->fetch();
$db->query('SELECT waits(v) AS k, n FROM t', PDO::FETCH_INTO, new Magic())->fetch();
$db->query('SELECT waits(v) AS k, n FROM t')->fetchObject('Auto40');
$db->query('SELECT v AS k, waits(n) FROM t')->fetchAll(PDO::FETCH_KEY_PAIR | PDO::FETCH_GROUP);
$statement = $db->prepare('SELECT waits(?) AS k');
foreach ([[new Magic()], [fopen('wait://a.txt', 'r')]] as $values) {
    $statement->execute($values);
    foreach ($statement as $row) {
    }
}
$statement->bindColumn(1, $bound, PDO::PARAM_LOB);
$statement->execute([1]);
$statement->fetch(PDO::FETCH_BOUND);
$statement->fetchColumn();
class WaitStatement extends PDOStatement
{
    protected function __construct() { wait(); }
}
$db->setAttribute(PDO::ATTR_STATEMENT_CLASS, [WaitStatement::class, []]);
$db->query('SELECT waits(1)')->fetch();
$db->beginTransaction();
$db->exec('INSERT INTO t VALUES (waits(1), 2)');
$db->commit();
