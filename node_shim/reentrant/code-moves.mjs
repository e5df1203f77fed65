// Where code is in a module whose functions have grown: the way from old offsets in the code section's content to new ones.

export class CodeMoves {
  #starts = [0];
  #shifts = [0];
  #size;

  /**
   * @param {[number, number][]} growths an offset from which on code has moved by so many bytes more, in order of the offsets
   * @param {number} size of the old content; what is behind it is no code, and does not move
   */
  constructor(growths, size) {
    this.#size = size;
    for (const [start, growth] of growths) {
      this.#starts.push(start);
      this.#shifts.push(this.#shifts[this.#shifts.length - 1] + growth);
    }
  }

  /** Whether any code has moved. */
  get any() {
    return this.#starts.length > 1;
  }

  /** Where the last growth at an offset or before it is. @param {number} offset */
  #place(offset) {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#starts[middle] <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** How many bytes an offset has moved by; 0 is where linkers have removed functions. @param {number} offset */
  shift(offset) {
    return offset > 0 && offset <= this.#size ? this.#shifts[this.#place(offset) - 1] : 0;
  }

  /** The new offset. @param {number} offset */
  moved(offset) {
    return offset + this.shift(offset);
  }

  /** Whether an offset is in the old content. @param {number} offset */
  covers(offset) {
    return offset >= 0 && offset <= this.#size;
  }

  /** How many bytes a range has now. @param {number} start @param {number} length */
  length(start, length) {
    if (!this.covers(start)) return length;
    return this.moved(start + length) - this.moved(start);
  }

  /** The lowest offset above one of code that has moved by another number of bytes; null: the offset is no code. @param {number} offset */
  nextStart(offset) {
    if (offset <= 0 || offset > this.#size) return null;
    const at = this.#place(offset);
    return at < this.#starts.length ? this.#starts[at] : this.#size + 1;
  }
}
