"""Instructions read one at a time: what an assembler wrote, and bytes by the specification's numbers."""

from __future__ import annotations

from typing import Any

import pytest
from wasmtime import wat2wasm

from stackswitch.errors import WasmFormatError
from stackswitch.wasm import instructions as op
from stackswitch.wasm import limits
from stackswitch.wasm.instructions import Instruction, read_instruction, read_instructions
from stackswitch.wasm.module import parse_module
from stackswitch.wasm.reader import Reader

HEAD = """(module (type (func)) (type (func (param i32) (result i32))) (memory 1) (memory 1) (tag)
  (table 1 funcref) (table 1 funcref) (global (mut i32) (i32.const 0)) (elem func) (elem func)
  (data "") (data "")"""


def assembled(text: str) -> list[Instruction]:
    """Read what an assembler makes of instructions, without the function's own ``end``."""
    module = parse_module(bytes(wat2wasm(f"{HEAD} (func {text}))")))
    start, end = module.code_range(0)
    found = list(read_instructions(module.data, start, end))
    assert [each.offset for each in found] == [start, *(each.end for each in found[:-1])]
    assert found[-1][1:] == (end, op.END, ())
    return found[:-1]


MEMORY = (2, 0, 0)
IMMEDIATES: dict[str, tuple[Any, ...]] = {
    # Control
    "block end": (None,),
    "loop (result i32) end": ("i32",),
    "if (type 1) end": (1,),
    "block (result (ref null 1)) end": ("(ref null 1)",),
    "try catch 0 end": (None,),
    "try delegate 0": (None,),
    "throw 0": (0,),
    "rethrow 0": (0,),
    "throw_ref": (),
    "try_table (catch 0 0) (catch_ref 0 0) (catch_all 0) (catch_all_ref 0) end": (
        None,
        ((0, 0, 0), (1, 0, 0), (2, 0), (3, 0)),
    ),
    "br 0": (0,),
    "br_if 0": (0,),
    "br_table 0 0 0": ((0, 0, 0),),
    "br_table 0": ((0,),),
    "br_on_null 0": (0,),
    "br_on_non_null 0": (0,),
    "br_on_cast 0 anyref (ref 1)": (1, 0, "any", "1"),
    "br_on_cast_fail 0 anyref (ref null 1)": (3, 0, "any", "1"),
    "br_on_cast_desc_eq 0 anyref (ref 1)": (1, 0, "any", "1"),
    "br_on_cast_desc_eq_fail 0 anyref (ref 1)": (1, 0, "any", "1"),
    # Calls
    "call 0": (0,),
    "return_call 0": (0,),
    "call_indirect 1 (type 1)": (1, 1),
    "return_call_indirect 1 (type 0)": (0, 1),
    "call_ref 1": (1,),
    "return_call_ref 1": (1,),
    "cont.new 0": (0,),
    "cont.bind 0 1": (0, 1),
    "suspend 0": (0,),
    "resume 1 (on 0 0) (on 0 switch)": (1, ((0, 0, 0), (1, 0))),
    "resume_throw 1 0": (1, 0, ()),
    "switch 1 0": (1, 0),
    # Values
    "local.get 300": (300,),
    "local.set 1": (1,),
    "local.tee 1": (1,),
    "global.get 0": (0,),
    "global.set 0": (0,),
    "table.get 1": (1,),
    "table.set 1": (1,),
    "select": (),
    "select (result i64)": (("i64",),),
    "i32.const -5": (-5,),
    "i32.const -2147483648": (-(2**31),),
    "i64.const -9223372036854775808": (-(2**63),),
    "f32.const 1": (b"\0\0\x80?",),
    "f64.const 1": (b"\0\0\0\0\0\0\xf0?",),
    "v128.const i32x4 1 0 0 2": (b"\1" + b"\0" * 11 + b"\2\0\0\0",),
    "ref.null func": ("func",),
    "ref.null 1": ("1",),
    "ref.is_null": (),
    "ref.func 0": (0,),
    "ref.eq": (),
    "ref.as_non_null": (),
    # Memories and tables
    "i32.load offset=4 align=2": ((1, 0, 4),),
    "i32.load 1 offset=4": ((2, 1, 4),),
    "i64.store32 offset=4294967295": ((2, 0, 2**32 - 1),),
    "memory.size": (0,),
    "memory.grow 1": (1,),
    "memory.init 1 1": (1, 1),
    "data.drop 1": (1,),
    "memory.copy 1 0": (1, 0),
    "memory.fill 1": (1,),
    "table.init 1 0": (0, 1),
    "elem.drop 1": (1,),
    "table.copy 1 0": (1, 0),
    "table.grow 1": (1,),
    "table.size 1": (1,),
    "table.fill 1": (1,),
    # Garbage collection, custom descriptors
    "struct.new 1": (1,),
    "struct.new_default 1": (1,),
    "struct.get 1 2": (1, 2),
    "struct.get_s 1 2": (1, 2),
    "struct.get_u 1 2": (1, 2),
    "struct.set 1 2": (1, 2),
    "array.new 1": (1,),
    "array.new_default 1": (1,),
    "array.new_fixed 1 3": (1, 3),
    "array.new_data 1 0": (1, 0),
    "array.new_elem 1 0": (1, 0),
    "array.get 1": (1,),
    "array.get_s 1": (1,),
    "array.get_u 1": (1,),
    "array.set 1": (1,),
    "array.len": (),
    "array.fill 1": (1,),
    "array.copy 1 0": (1, 0),
    "array.init_data 1 0": (1, 0),
    "array.init_elem 1 0": (1, 0),
    "ref.test (ref any)": ("any",),
    "ref.test (ref null 1)": ("1",),
    "ref.cast (ref any)": ("any",),
    "ref.cast (ref null 1)": ("1",),
    "any.convert_extern": (),
    "extern.convert_any": (),
    "ref.i31": (),
    "i31.get_s": (),
    "i31.get_u": (),
    "struct.new_desc 1": (1,),
    "struct.new_default_desc 1": (1,),
    "ref.get_desc 1": (1,),
    "ref.cast_desc_eq (ref 1)": ("1",),
    "ref.cast_desc_eq (ref null 1)": ("1",),
    # Vectors
    "v128.load offset=1": ((4, 0, 1),),
    "v128.store": ((4, 0, 0),),
    "v128.load32_zero": (MEMORY,),
    "v128.load64_zero": ((3, 0, 0),),
    "v128.load8_splat": ((0, 0, 0),),
    "v128.load8_lane 7": ((0, 0, 0), 7),
    "v128.store64_lane 1": ((3, 0, 0), 1),
    "i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31": (bytes([*range(15), 31]),),
    "i8x16.swizzle": (),
    "f64x2.splat": (),
    "i8x16.extract_lane_s 15": (15,),
    "f64x2.replace_lane 1": (1,),
    "v128.any_true": (),
    "i8x16.relaxed_swizzle": (),
    "i32x4.relaxed_dot_i8x16_i7x16_add_s": (),
    # Atomics
    "memory.atomic.notify": (MEMORY,),
    "memory.atomic.wait32": (MEMORY,),
    "memory.atomic.wait64": ((3, 0, 0),),
    "atomic.fence": (0,),
    "i32.atomic.load": (MEMORY,),
    "i64.atomic.rmw32.cmpxchg_u 1 offset=8": ((2, 1, 8),),
    # No immediates
    "unreachable": (),
    "nop": (),
    "return": (),
    "drop": (),
    "i32.eqz": (),
    "i64.extend32_s": (),
    "i32.trunc_sat_f32_s": (),
    "i64.trunc_sat_f64_u": (),
    "i64.add128": (),
    "i64.mul_wide_u": (),
}


@pytest.mark.parametrize("text", list(IMMEDIATES))
def test_an_instruction_that_an_assembler_wrote(text: str) -> None:
    assert assembled(text)[0].immediates == IMMEDIATES[text]


@pytest.mark.parametrize(
    ("prefix", "first", "last", "immediates"),
    [
        ("", 0x45, 0xC4, ""),  # numbers
        ("", 0x28, 0x3E, "02 08"),  # loads and stores
        ("fc", 0x00, 0x07, ""),  # saturating conversions
        ("fc", 0x13, 0x16, ""),  # wide arithmetic
        ("fd", 0x00, 0x0B, "02 08"),
        ("fd", 0x0E, 0x14, ""),
        ("fd", 0x15, 0x22, "05"),  # lanes
        ("fd", 0x23, 0x53, ""),
        ("fd", 0x54, 0x5B, "02 08 05"),
        ("fd", 0x5C, 0x5D, "02 08"),
        ("fd", 0x5E, 0x113, ""),
        ("fe", 0x00, 0x02, "02 08"),
        ("fe", 0x10, 0x4E, "02 08"),
    ],
)
def test_all_of_a_range_are_read_alike(prefix: str, first: int, last: int, immediates: str) -> None:
    parts = {"": (), "02 08": ((2, 0, 8),), "05": (5,), "02 08 05": ((2, 0, 8), 5)}[immediates]
    for number in range(first, last + 1):
        code = bytes([number & 0x7F | 0x80, number >> 7]) if prefix else bytes([number])
        data = bytes.fromhex(prefix) + code + bytes.fromhex(immediates)
        opcode = int(prefix, 16) << 16 | number if prefix else number
        assert list(read_instructions(data, 0, len(data))) == [(0, len(data), opcode, parts)]


NAMES = {
    "block": "block end", "loop": "loop end", "if": "if end", "try": "try end", "throw": "throw 0",
    "rethrow": "rethrow 0", "throw_ref": "throw_ref", "try_table": "try_table end", "br": "br 0",
    "br_if": "br_if 0", "br_table": "br_table 0", "call": "call 0", "call_indirect": "call_indirect (type 0)",
    "return_call": "return_call 0", "return_call_indirect": "return_call_indirect (type 0)",
    "call_ref": "call_ref 0", "return_call_ref": "return_call_ref 0", "local_get": "local.get 0",
    "local_set": "local.set 0", "local_tee": "local.tee 0", "global_get": "global.get 0",
    "global_set": "global.set 0", "table_get": "table.get 0", "table_set": "table.set 0", "select": "select",
    "select_typed": "select (result i32)", "memory_size": "memory.size", "memory_grow": "memory.grow",
    "table_grow": "table.grow 0", "i32_const": "i32.const 0", "i64_const": "i64.const 0",
    "ref_null": "ref.null func", "ref_is_null": "ref.is_null", "ref_func": "ref.func 0", "ref_eq": "ref.eq",
    "ref_as_non_null": "ref.as_non_null", "br_on_null": "br_on_null 0", "br_on_non_null": "br_on_non_null 0",
    "br_on_cast": "br_on_cast 0 anyref (ref 1)", "br_on_cast_fail": "br_on_cast_fail 0 anyref (ref 1)",
}  # fmt: skip


@pytest.mark.parametrize("name", list(NAMES))
def test_a_name_has_the_number_that_an_assembler_writes(name: str) -> None:
    assert assembled(NAMES[name])[0].opcode == getattr(op, name.upper())


def test_the_ends_of_parts_of_a_block() -> None:
    opcodes = [each.opcode for each in assembled("if else end try catch 0 catch_all end try delegate 0")]
    assert opcodes == [
        *(op.IF, op.ELSE, op.END),
        *(op.TRY, op.CATCH, op.CATCH_ALL, op.END),
        *(op.TRY, op.DELEGATE),
    ]
    assert {op.IF, op.TRY, op.BLOCK, op.LOOP, op.TRY_TABLE} == op.BLOCKS


def test_handlers_of_a_resume_that_throws() -> None:
    """``resume_throw_ref`` has a type and handlers."""
    data = bytes.fromhex("e5 01 01 00 02 03")
    assert read_instruction(Reader(data)) == (0, 6, 0xE5, (1, ((0, 2, 3),)))


@pytest.mark.parametrize(
    ("data", "message", "offset"),
    [
        ("01 27", "unknown opcode 0x27", 1),
        ("01 ff", "unknown opcode 0xff", 1),
        ("01 fb 27", "unknown opcode 0xfb0027", 1),
        ("01 fc 17", "unknown opcode 0xfc0017", 1),
        ("01 fd 94 02", "unknown opcode 0xfd0114", 1),
        ("01 fe 0f", "unknown opcode 0xfe000f", 1),
        ("01 fc 80 80 04", "unknown opcode 0x10000", 1),
        ("01 fc ff ff 03", "unknown opcode 0xfcffff", 1),
        ("1f 40 01 04 00", "unknown catch clause 0x4", 3),
        ("e3 00 01 02 00", "unknown handler 0x2", 3),
        ("41", "unexpected end", 1),
    ],
)
def test_what_is_no_instruction_is_refused(data: str, message: str, offset: int) -> None:
    with pytest.raises(WasmFormatError, match=message) as caught:
        list(read_instructions(bytes.fromhex(data), 0, len(bytes.fromhex(data))))
    assert caught.value.offset == offset


def leb(number: int) -> bytes:
    return bytes([number & 0x7F | 0x80, number >> 7 & 0x7F | 0x80, number >> 14])


def test_a_branch_table_has_as_many_targets_as_engines_take() -> None:
    most = limits.BRANCH_TABLE
    (found,) = read_instructions(b"\x0e" + leb(most) + bytes(most + 1), 0, 4 + most + 1)
    assert found.immediates == ((0,) * (most + 1),)
    with pytest.raises(WasmFormatError, match="branch targets"):
        read_instruction(Reader(b"\x0e" + leb(most + 1) + bytes(most + 2)))
