/** A part of the guest's memory that is the C stack of one call at a time. */
export class Region {
  /**
   * @param {number} low
   * @param {number} top
   */
  constructor(low, top) {
    this.low = low;
    this.top = top;
    /** Where the pointer stands on it, or stood last: what glue has put above stays. */
    this.pointer = top;
  }

  /** @param {number} at */
  has(at) {
    return at > this.low && at <= this.top;
  }
}
