package dev.pg.bench;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds the innermost loops of a method's machine code that calculate with vectors, and what they keep on the stack. */
final class VectorLoops {
    // "  1f:	vmovups ymm0,YMMWORD PTR [rsp+0x40]"
    private static final Pattern LINE = Pattern.compile(" *([0-9a-f]+):\\s+(\\S.*)");
    private static final Pattern JUMP = Pattern.compile("j\\w+ +0x([0-9a-f]+).*");
    private static final Pattern END = Pattern.compile("(ret|hlt|ud2|jmp)\\b.*");

    /** Whole vectors: what ends in ss or sd calculates with one lane, and a move does not calculate. */
    private static final Pattern ARITHMETIC =
            Pattern.compile("v(?!mov|xor|zero|cvtt?s[sd]2)\\w+(?<!s[sd]) .*[xyz]mm\\d.*");

    private static final Pattern FMA = Pattern.compile("vfn?m\\w+p[sd] .*");
    private static final Pattern VECTOR = Pattern.compile(".*[xyz]mm\\d.*");
    private static final Pattern STACK = Pattern.compile(".*\\[rsp\\b.*");
    private static final Pattern STORE = Pattern.compile("\\S+ +(\\w+ PTR )?\\[rsp\\b.*");

    /**
     * One loop.
     *
     * @param at where it begins, bytes from the start of the method
     * @param vectors its instructions with vector registers
     * @param fmas those of them that multiply and add
     * @param stores vectors that it puts on the stack
     * @param loads vectors that it takes from there
     * @param calls it makes: to allocate vectors, or to a method that was not inlined
     */
    record Loop(int at, int vectors, int fmas, int stores, int loads, int calls) {
        /** Whether everything stays in registers. */
        boolean clean() {
            return stores + loads + calls == 0;
        }
    }

    private final List<Integer> addresses = new ArrayList<>(); // of the instructions
    private final List<String> code = new ArrayList<>();
    private final List<List<Integer>> successors = new ArrayList<>();
    private final List<List<Integer>> predecessors = new ArrayList<>(); // those that can be reached

    private VectorLoops(List<String> listing, Set<Integer> traps) {
        Map<Integer, Integer> index = new HashMap<>();
        for (String line : listing) {
            Matcher m = LINE.matcher(line);
            if (m.matches()) {
                index.put(Integer.parseInt(m.group(1), 16), code.size());
                addresses.add(Integer.parseInt(m.group(1), 16));
                code.add(m.group(2));
                successors.add(new ArrayList<>());
                predecessors.add(new ArrayList<>());
            }
        }
        for (int i = 0; i < code.size(); i++) {
            Matcher jump = JUMP.matcher(code.get(i));
            if (jump.matches()) {
                Integer target = index.get((int) Long.parseUnsignedLong(jump.group(1), 16));
                if (target != null) { // not out of the method
                    successors.get(i).add(target);
                }
            }
            boolean trap = code.get(i).startsWith("call") && traps.contains(addresses.get(i) & -4);
            if (i + 1 < code.size() && !trap && !END.matcher(code.get(i)).matches()) {
                successors.get(i).add(i + 1);
            }
        }
        walk(0, -1, successors).stream()
                .forEach(i ->
                        successors.get(i).forEach(next -> predecessors.get(next).add(i)));
    }

    /**
     * The loops, in the order of their addresses.
     *
     * @param listing of {@code objdump -M intel --no-show-raw-insn}, from address 0 on
     * @param traps calls that do not return, see {@link MachineCode}
     */
    static List<Loop> of(List<String> listing, Set<Integer> traps) {
        return new VectorLoops(listing, traps).loops();
    }

    /** What edges lead to from an instruction, itself included, going no farther than {@code end}. */
    private static BitSet walk(int from, int end, List<List<Integer>> edges) {
        BitSet seen = new BitSet();
        Deque<Integer> open = new ArrayDeque<>(List.of(from));
        while (!open.isEmpty()) {
            int i = open.pop();
            if (!seen.get(i)) {
                seen.set(i);
                if (i != end) {
                    open.addAll(edges.get(i));
                }
            }
        }
        return seen;
    }

    /** An edge to h closes a loop if there is no way to where it begins but through h; the loop is all that lies between. */
    private List<Loop> loops() {
        Map<Integer, BitSet> loops = new HashMap<>();
        for (int h = 0; h < code.size(); h++) {
            if (predecessors.get(h).size() > 1) {
                for (int last : predecessors.get(h)) {
                    BitSet body = walk(last, h, predecessors);
                    if (!body.get(0)) {
                        loops.computeIfAbsent(h, key -> new BitSet()).or(body);
                    }
                }
            }
        }
        return loops.entrySet().stream()
                .filter(loop -> loops.keySet().stream()
                        .noneMatch(
                                h -> !h.equals(loop.getKey()) && loop.getValue().get(h)))
                .map(Map.Entry::getValue)
                .filter(body -> count(body, ARITHMETIC) > 0)
                .map(this::measure)
                .sorted(Comparator.comparingInt(Loop::at))
                .toList();
    }

    private Loop measure(BitSet body) {
        int stack = (int) body.stream()
                .filter(i -> matches(i, VECTOR) && matches(i, STACK))
                .count();
        int stores = (int) body.stream()
                .filter(i -> matches(i, VECTOR) && matches(i, STORE))
                .count();
        int calls =
                (int) body.stream().filter(i -> code.get(i).startsWith("call")).count();
        int at = addresses.get(body.nextSetBit(0));
        return new Loop(at, count(body, VECTOR), count(body, FMA), stores, stack - stores, calls);
    }

    private int count(BitSet body, Pattern pattern) {
        return (int) body.stream().filter(i -> matches(i, pattern)).count();
    }

    private boolean matches(int i, Pattern pattern) {
        return pattern.matcher(code.get(i)).matches();
    }
}
