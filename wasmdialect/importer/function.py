"""One function body to wasmir: structured control to blocks, locals to SSA values.

The validated instructions are walked once, with a stack of SSA values and a stack of control frames.
A forward merge (the end of a block) is resolved when the walk reaches it: every edge into it kept the
locals as they were, and a local becomes a block argument only where they differ. A loop header comes
before its back edges, so its arguments are the locals that the loop assigns, found by a scan ahead.
Branches stay records until unused block arguments have been dropped at the end; then they become
operations. Unreachable code is skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xdsl.ir import Attribute, Block, Operation, SSAValue

from wasmdialect import types as wt
from wasmdialect.dialects import wasmir
from wasmdialect.dialects.fast import (
    LocationAttr,
    add_block_argument,
    append_block,
    make_block,
    replace_value,
    set_block_arguments,
    wasm_offset,
)
from wasmdialect.dialects.wasmir.types import ValueType
from wasmdialect.dialects.wasmir_builder import WasmIRBuilder
from wasmdialect.importer.errors import UnsupportedError
from wasmdialect.wasm.body import Instruction
from wasmdialect.wasm.instructions import BY_OPCODE
from wasmdialect.wasm.instructions.opcodes import (
    ARMS,
    BLOCK,
    BR,
    BR_IF,
    BR_TABLE,
    CLOSERS,
    IF,
    LOCAL_GET,
    LOCAL_SET,
    LOCAL_TEE,
    LOOP,
    OPENERS,
    TRY_TABLE,
)

if TYPE_CHECKING:
    from wasmdialect.importer.context import ImportContext
    from wasmdialect.wasm.module import Catch

BEFORE_LOOP, IN_LOOP = -1, -2
"""Keys of handlers that run before a loop is opened and at its header."""
_BUILD_NOTHING = frozenset({LOCAL_GET, LOCAL_SET, LOCAL_TEE})
"""Every other instruction is one of these. They do not build operations that need a location."""


@dataclass(slots=True)
class Edge:
    """A way into a block: the arguments it passes, and the locals as they are on it."""

    arguments: list[SSAValue]
    locals: list[SSAValue]


@dataclass(slots=True)
class Branch:
    """A future terminator: the block it ends, its deciding operand, and its targets."""

    block: Block
    cls: type[Operation]
    operands: tuple[SSAValue, ...]
    targets: list[tuple[Block, Edge]]
    location: LocationAttr
    likely: bool | None = None
    """Whether the module says that the first target is likely."""


@dataclass(slots=True)
class Merge:
    """A block with arguments and the edges into it, in the order of the arguments."""

    block: Block
    edges: list[Edge]


@dataclass(slots=True)
class Frame:
    """A control construct that is open."""

    opcode: int
    height: int
    """Values on the stack below its parameters."""
    result_types: tuple[ValueType, ...]
    label_types: tuple[ValueType, ...]
    """The types of the values that a branch to it passes."""
    merge: Merge
    """The block that a branch to it goes to: the header of a loop, else the block after the end."""
    assigned: set[int] = field(default_factory=set[int])
    """Locals that may have changed since it was opened."""
    header_locals: list[int] = field(default_factory=list[int])
    """The locals that are arguments of a loop header."""
    alternative: tuple[Branch, Edge, Block] | None = None
    """Of an `if` whose `else` has not come: its branch, the state there and the else block."""
    handler: Merge | None = None
    """Where exceptions go that are thrown in the body, with the exception as first argument; None after
    the body, and for a construct that catches nothing."""
    catches: tuple[Catch, ...] = ()
    """The clauses of a `try_table`."""
    caught: Caught | None = None
    """Of a legacy `try`, in its catch clauses."""


@dataclass(slots=True)
class Caught:
    """An exception for which the catch clauses of a legacy `try` are tried in turn."""

    exception: SSAValue
    locals: list[SSAValue]
    """At the start of the handler."""
    following: Block | None
    """Where the next clause is tried; None after `catch_all`."""


class FunctionImporter(WasmIRBuilder):
    """Imports the instructions of one function or constant expression into blocks."""

    def __init__(self, unit: ImportContext, block: Block):
        super().__init__(block, unit.locations.at(0))
        self.unit = unit
        self.function_region = block.parent
        """The operation that holds the blocks; None for a constant expression."""
        self.reachable = True
        """Whether the current code can be reached; no operation is built for unreachable code."""
        self.stack: list[SSAValue] = []
        self.locals: list[SSAValue] = []
        self.local_types: list[Attribute] = []
        """The declared types: a value may be of a subtype."""
        self.frames: list[Frame] = []
        self.operators = 0
        """The fuel count since the last marker; only updated by handlers of `markers`."""
        self.hints: Mapping[int, bool] = {}
        """The branches that the module says are likely, or not, by byte offset."""
        self.branches: list[Branch] = []
        self.merges: list[Merge] = []

    # --- the stack ---

    def pop_many(self, count: int) -> list[SSAValue]:
        """The topmost `count` values, in the order they were pushed."""
        if count == 0:
            return []
        values = self.stack[-count:]
        del self.stack[-count:]
        return values

    # --- the walk ---

    def run(
        self,
        instructions: Iterable[Instruction],
        loops: dict[int, list[int] | None],
        handlers: Mapping[int, Handler],
    ) -> None:
        """Import all instructions; `loops` is the result of `loop_locals`, `handlers` has the
        function that imports each opcode."""
        at = self.unit.locations.at
        dead_depth = 0
        for position, (opcode, immediate, offset) in enumerate(instructions):
            if not self.reachable:
                # Skip to the next part or the end of the innermost frame that was opened alive.
                if opcode in OPENERS:
                    dead_depth += 1
                    continue
                if opcode in CLOSERS and dead_depth:
                    dead_depth -= 1
                    continue
                if dead_depth or not (opcode in ARMS or opcode in CLOSERS):
                    continue
            if opcode not in _BUILD_NOTHING:
                self.location = at(offset)
            if opcode == LOOP:
                assigned = loops[position]
                before, behind = handlers.get(BEFORE_LOOP), handlers.get(IN_LOOP)
                if before is not None:
                    before(self, immediate)
                if assigned is None:
                    self.open_block(immediate)
                else:
                    self.open_loop(immediate, assigned)
                if behind is not None:
                    behind(self, immediate)
                continue
            handler = handlers.get(opcode)
            if handler is None:
                row = BY_OPCODE[opcode]
                raise UnsupportedError(row.feature, offset, row.mnemonic)
            handler(self, immediate)

    # --- control frames ---

    def types(self, types: Iterable[wt.ValType]) -> tuple[ValueType, ...]:
        """The IR types of Wasm value types."""
        return tuple(self.unit.value_type(t) for t in types)

    def open_function(self, results: Sequence[ValueType]) -> None:
        """The frame of the whole body: a branch to it returns."""
        types = tuple(results)
        self.frames.append(Frame(BLOCK, 0, types, types, Merge(make_block(), [])))

    def open_block(self, signature: wt.FuncType, opcode: int = BLOCK) -> Frame:
        """Open a block or `if` whose parameters are on the stack."""
        results = self.types(signature.results)
        height = len(self.stack) - len(signature.params)
        frame = Frame(opcode, height, results, results, Merge(make_block(), []))
        self.frames.append(frame)
        return frame

    def open_if(self, signature: wt.FuncType) -> None:
        """Branch on the condition to a `then` block and a block for the alternative."""
        condition = self.stack.pop()
        frame = self.open_block(signature, IF)
        then_block, else_block = make_block(), make_block()
        alternative = Edge(self.stack[frame.height :], self.locals)
        branch = self.branch(
            wasmir.BrIfOp, (condition,), [(then_block, Edge([], [])), (else_block, Edge([], []))]
        )
        branch.likely = self.hinted()
        frame.alternative = (branch, alternative, else_block)
        self.locals = self.locals.copy()
        self.begin(then_block)

    def open_loop(self, signature: wt.FuncType, assigned: list[int]) -> None:
        """Start a header whose arguments are the parameters and the locals that the loop assigns."""
        params = self.types(signature.params)
        parameters = self.pop_many(len(params))
        header = make_block()
        merge = Merge(header, [])
        frame = Frame(LOOP, len(self.stack), self.types(signature.results), params, merge)
        frame.header_locals = assigned
        frame.assigned.update(assigned)
        edge = Edge([*parameters, *(self.locals[i] for i in assigned)], [])
        merge.edges.append(edge)
        self.branch(wasmir.BrOp, (), [(header, edge)])
        self.merges.append(merge)
        self.frames.append(frame)
        self.begin(header)
        self.stack.extend(add_block_argument(header, t) for t in params)
        self.locals = self.locals.copy()
        for index in assigned:
            self.locals[index] = add_block_argument(header, self.local_types[index])

    def begin(self, block: Block) -> None:
        """Continue in a new block."""
        assert self.function_region is not None
        append_block(self.function_region, block)
        super().begin(block)
        self.reachable = True

    def edge_to(self, frame: Frame) -> tuple[Block, Edge]:
        """A new edge to a frame's label from here; its values stay on the stack."""
        count = len(frame.label_types)
        arguments = self.stack[len(self.stack) - count :]
        if frame.opcode == LOOP:
            current = self.locals
            edge = Edge([*arguments, *(current[i] for i in frame.header_locals)], [])
        else:
            edge = Edge(arguments, self.locals.copy())
        frame.merge.edges.append(edge)
        return frame.merge.block, edge

    def branch(
        self,
        cls: type[Operation],
        operands: tuple[SSAValue, ...],
        targets: list[tuple[Block, Edge]],
    ) -> Branch:
        """End the block with a branch; the code after it cannot be reached until `begin`."""
        branch = Branch(self.block, cls, operands, targets, self.location)
        self.branches.append(branch)
        self.reachable = False
        return branch

    def hinted(self) -> bool | None:
        """Whether the module says that the branch of this instruction is likely."""
        if not self.hints:
            return None
        offset = wasm_offset(self.location)
        return None if offset is None else self.hints.get(offset)

    def label(self, depth: int) -> Frame:
        """The frame of a label index."""
        return self.frames[-1 - depth]

    def note_assigned(self, frame: Frame) -> None:
        """Locals assigned in a closed frame are assigned in the one around it."""
        if self.frames:
            self.frames[-1].assigned |= frame.assigned

    def begin_alternative(self, frame: Frame) -> None:
        """Go to the else block of an `if`, with stack and locals as they were at the `if`."""
        assert frame.alternative is not None
        _, state, else_block = frame.alternative
        frame.alternative = None
        del self.stack[frame.height :]
        self.stack.extend(state.arguments)
        self.locals = state.locals.copy()
        self.begin(else_block)

    def meet_else(self) -> None:
        """`else`: leave the first arm for the end, start the second one."""
        frame = self.frames[-1]
        if self.reachable:
            self.branch(wasmir.BrOp, (), [self.edge_to(frame)])
        self.begin_alternative(frame)

    def close_frame(self) -> None:
        """`end`: continue after the construct with its results, if that can be reached."""
        frame = self.frames[-1]
        if frame.alternative is not None:
            self.skip_missing_else(frame)
        if frame.opcode == LOOP or not frame.merge.edges:
            # Nothing branches here: code that falls out of the body simply continues.
            self.frames.pop()
            self.note_assigned(frame)
            if not self.frames:
                self.return_results(len(frame.result_types))
            return
        if self.reachable:
            self.branch(wasmir.BrOp, (), [self.edge_to(frame)])
        self.frames.pop()
        self.note_assigned(frame)
        self.resolve_merge(frame)
        if not self.frames:
            self.return_results(len(frame.result_types))

    def skip_missing_else(self, frame: Frame) -> None:
        """An `if` without `else`: the false edge goes to the end with the parameters as results."""
        assert frame.alternative is not None
        branch, state, _ = frame.alternative
        frame.alternative = None
        frame.merge.edges.append(state)
        branch.targets[1] = (frame.merge.block, state)

    def resolve_merge(self, frame: Frame) -> None:
        """Start the block after a construct."""
        self.begin_merge(frame, frame.merge, frame.label_types)

    def begin_merge(self, frame: Frame, merge: Merge, types: Sequence[ValueType]) -> None:
        """Start a block of a construct, with arguments of these types on the stack; locals that differ
        between the edges into it are arguments too."""
        block, edges = merge.block, merge.edges
        self.begin(block)
        del self.stack[frame.height :]
        self.stack.extend(add_block_argument(block, t) for t in types)
        first = edges[0].locals
        merged = first.copy()
        for index in sorted(frame.assigned):
            value = first[index]
            for edge in edges:
                if edge.locals[index] is not value:
                    break
            else:
                continue  # it is the same on all edges
            merged[index] = add_block_argument(block, self.local_types[index])
            for edge in edges:
                edge.arguments.append(edge.locals[index])
        for edge in edges:
            edge.locals = []
        self.locals = merged
        self.merges.append(merge)

    def return_results(self, count: int) -> None:
        """Return the topmost values, if this is reached."""
        if self.reachable:
            self.return_(self.pop_many(count))
            self.reachable = False

    # --- finishing ---

    def finish(self) -> None:
        """Drop unneeded block arguments, then turn the branches into operations."""
        self.drop_unread_arguments()
        while self.replace_single_valued_arguments():
            pass
        for branch in self.branches:
            self.build_branch(branch)

    def drop_unread_arguments(self) -> None:
        """Keep the arguments that an operation reads, or another argument that is kept."""
        incoming: dict[SSAValue, tuple[Merge, int]] = {}
        for merge in self.merges:
            for index, argument in enumerate(merge.block.args):
                incoming[argument] = (merge, index)
        decisive = {value for branch in self.branches for value in branch.operands}
        work: list[SSAValue] = [a for a in incoming if a.first_use is not None or a in decisive]
        live = set(work)
        while work:
            merge, index = incoming[work.pop()]
            for edge in merge.edges:
                value = edge.arguments[index]
                if value in incoming and value not in live:
                    live.add(value)
                    work.append(value)
        for merge in self.merges:
            keep = [i for i, argument in enumerate(merge.block.args) if argument in live]
            if len(keep) < len(merge.block.args):
                _keep_arguments(merge, keep)

    def replace_single_valued_arguments(self) -> bool:
        """Replace arguments that receive the same value on every edge; returns whether there were
        any."""
        replaced: dict[SSAValue, SSAValue] = {}

        def current(value: SSAValue) -> SSAValue:
            while value in replaced:
                value = replaced[value]
            return value

        for merge in self.merges:
            keep: list[int] = []
            for index, argument in enumerate(merge.block.args):
                values = {current(edge.arguments[index]) for edge in merge.edges} - {argument}
                if len(values) == 1:
                    (replaced[argument],) = values
                else:
                    keep.append(index)
            if len(keep) < len(merge.block.args):
                _keep_arguments(merge, keep)
        if not replaced:
            return False
        for argument in replaced:
            replace_value(argument, current(argument))
        for merge in self.merges:
            for edge in merge.edges:
                edge.arguments = [current(value) for value in edge.arguments]
        for branch in self.branches:
            branch.operands = tuple(current(value) for value in branch.operands)
        return True

    def build_branch(self, branch: Branch) -> None:
        """Append the operation of a branch record."""
        self.block, self.location = branch.block, branch.location
        edges = [(block, edge.arguments) for block, edge in branch.targets]
        if branch.cls is wasmir.BrOp:
            ((target, arguments),) = edges
            self.br(target, arguments)
        elif branch.cls is wasmir.BrIfOp:
            (then_block, then_arguments), (else_block, else_arguments) = edges
            (condition,) = branch.operands
            self.br_if(
                *(condition, then_block, else_block, then_arguments, else_arguments),
                likely=branch.likely,
            )
        else:
            (index,) = branch.operands
            self.br_table(index, edges[0], edges[1:])


def _keep_arguments(merge: Merge, keep: list[int]) -> None:
    arguments = merge.block.args
    set_block_arguments(merge.block, [arguments[i] for i in keep])
    for edge in merge.edges:
        edge.arguments = [edge.arguments[i] for i in keep]


Handler = Callable[[FunctionImporter, Any], None]
"""Imports one instruction, given its immediate."""


# --- scanning ahead ---


def loop_locals(instructions: Iterable[Instruction]) -> dict[int, list[int] | None]:
    """For each `loop`, by its position: the locals assigned inside, None if nothing branches back.

    Unreachable code counts too; a superfluous argument is dropped at the end.
    """
    found: dict[int, list[int] | None] = {}
    frames: list[tuple[int, set[int]]] = [(-1, set[int]())]
    looping = set[int]()
    for position, (opcode, immediate, _) in enumerate(instructions):
        if opcode == LOCAL_SET or opcode == LOCAL_TEE:
            index: int = immediate
            frames[-1][1].add(index)
        elif opcode == LOOP:
            frames.append((position, set[int]()))
        elif opcode in OPENERS:
            if opcode == TRY_TABLE:
                clauses: tuple[Catch, ...] = immediate[1]
                looping.update(frames[-1 - clause.label][0] for clause in clauses)
            frames.append((-1, set[int]()))
        elif opcode in CLOSERS:
            start, assigned = frames.pop()
            if start >= 0:
                found[start] = sorted(assigned) if start in looping else None
            if frames:
                frames[-1][1].update(assigned)
        elif opcode == BR or opcode == BR_IF:
            depth: int = immediate
            looping.add(frames[-1 - depth][0])
        elif opcode == BR_TABLE:
            labels: tuple[int, ...] = immediate
            looping.update(frames[-1 - label][0] for label in labels)
    return found
