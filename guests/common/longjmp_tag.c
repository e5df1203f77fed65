/* The exception tag that a compiled longjmp throws and a setjmp catches: one i32, the address of its arguments.
 *
 * The compiler (-mllvm -wasm-enable-sjlj) refers to the tag by this name, and a C library built without
 * exceptions does not define it. C has no word for a tag, so the object is said in assembly.
 */
__asm__(
    ".globl __c_longjmp\n"
    ".tagtype __c_longjmp i32\n"
    "__c_longjmp:\n");
