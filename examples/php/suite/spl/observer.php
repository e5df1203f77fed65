<?php
// SplSubject tells its observers, of which each waits.
// waits: http
// prints: a b

require __DIR__ . '/../fetch.php';

class Watcher implements SplObserver
{
    public function __construct(private string $word)
    {
    }

    public function update(SplSubject $subject): void
    {
        $subject->said[] = fetch($this->word);
    }
}
class Watched implements SplSubject
{
    public array $said = [];
    private SplObjectStorage $watchers;

    public function __construct()
    {
        $this->watchers = new SplObjectStorage();
    }

    public function attach(SplObserver $watcher): void
    {
        $this->watchers->attach($watcher);
    }

    public function detach(SplObserver $watcher): void
    {
        $this->watchers->detach($watcher);
    }

    public function notify(): void
    {
        foreach ($this->watchers as $watcher) {
            $watcher->update($this);
        }
    }
}
$watched = new Watched();
$watched->attach(new Watcher('a'));
$watched->attach(new Watcher('b'));
$watched->notify();
echo implode(' ', $watched->said), "\n";
