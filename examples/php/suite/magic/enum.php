<?php
// Methods and constants of an enum.
// waits: http
// prints: hearts clubs

require __DIR__ . '/../fetch.php';

enum Suit: string
{
    case Hearts = 'hearts';
    case Clubs = 'clubs';

    public static function asked(string $word): self
    {
        return self::from(fetch($word));
    }

    public function label(): string
    {
        return fetch($this->value);
    }
}
echo Suit::asked('hearts')->label(), ' ', implode(array_map(fn(Suit $suit) => $suit->label(), [Suit::Clubs])), "\n";
