/* setjmp and longjmp over wasm exceptions: the three functions that compiled code calls.
 *
 * LLVM turns each setjmp into __wasm_setjmp, which notes who called it and where, and each catch of
 * __c_longjmp into __wasm_setjmp_test, which asks whether the jump was meant for this activation.
 * The names and the calling convention are LLVM's (WebAssemblyLowerEmscriptenEHSjLj).
 */
#include <stddef.h>
#include <stdint.h>

struct Jump {
    void *activation; /* which call of the function that called setjmp: the address of a local of its */
    uint32_t label;   /* which of its setjmps, from 1; 0: not set */
    struct {
        void *env;
        int value;
    } thrown; /* what the exception carries the address of */
};

void __wasm_setjmp(void *env, uint32_t label, void *activation) {
    struct Jump *jump = env;
    jump->activation = activation;
    jump->label = label;
}

uint32_t __wasm_setjmp_test(void *env, void *activation) {
    struct Jump *jump = env;
    return jump->activation == activation ? jump->label : 0;
}

void __wasm_longjmp(void *env, int value) {
    struct Jump *jump = env;
    jump->thrown.env = env;
    jump->thrown.value = value ? value : 1;
    __builtin_wasm_throw(1, &jump->thrown); /* 1: LLVM's number of the tag __c_longjmp */
}
