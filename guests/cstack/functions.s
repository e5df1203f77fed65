# The stack pointer by functions, as Emscripten has it.
	.globaltype	__stack_pointer, i32

	.section	.text.stackSave,"",@
	.globl	stackSave
	.export_name	stackSave, stackSave
	.type	stackSave,@function
stackSave:
	.functype	stackSave () -> (i32)
	global.get	__stack_pointer
	end_function

	.section	.text.stackRestore,"",@
	.globl	stackRestore
	.export_name	stackRestore, stackRestore
	.type	stackRestore,@function
stackRestore:
	.functype	stackRestore (i32) -> ()
	local.get	0
	global.set	__stack_pointer
	end_function
