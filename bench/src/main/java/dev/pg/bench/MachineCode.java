package dev.pg.bench;

import java.io.ByteArrayOutputStream;
import java.util.Collection;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What C2 made of a method, as a JVM without a disassembler prints it.
 *
 * @param method class without its package, and name: {@code Tiles16::tile4x2}
 * @param parts the method and those that it inlines, as far as there are notes of them
 * @param code from its entry on
 * @param traps where it leaves for the interpreter and does not come back: offsets of calls, rounded down to 4
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
record MachineCode(String method, Set<String> parts, byte[] code, Set<Integer> traps) {
    // "Compiled method (c2) 9882 1528       4       dev.pg.kernels.FloatDots::dots2x4 (473 bytes)"; on-stack
    // replacement has an @
    private static final Pattern HEADER =
            Pattern.compile("Compiled method \\(c2\\) +\\d+ +\\d+ [^%@]* 4 +[\\w.]*\\.(\\S+) \\((\\d+) bytes\\).*");

    // "  0x00007fd82ff6eb40: 2424 6690", or a comment behind a semicolon
    private static final Pattern LINE = Pattern.compile("  0x([0-9a-f]{16}): ([0-9a-f| ]*)(;.*)?");

    // "    ; - (reexecute) dev.pg.kernels.FloatDots::dots2x4@355 (line 157)": what a piece of the code came from
    private static final Pattern NOTE = Pattern.compile(" +; - (?:\\(\\w+\\) )?[\\w.]*\\.(\\S+)@.*");

    /**
     * Reads what {@code -XX:CompileCommand=print} prints. Of several versions of a method the last one counts, which is the one that stays;
     * code for on-stack replacement does not count, which runs once.
     */
    static Collection<MachineCode> parse(Stream<String> output) {
        Map<String, MachineCode> last = new TreeMap<>(); // overloads differ in their size
        Iterator<String> lines = output.iterator();
        while (lines.hasNext()) {
            Matcher header = HEADER.matcher(lines.next());
            if (header.matches()) {
                last.put(header.group(1) + header.group(2), parse(header.group(1), lines));
            }
        }
        return last.values();
    }

    private static MachineCode parse(String method, Iterator<String> lines) {
        ByteArrayOutputStream code = new ByteArrayOutputStream();
        Set<String> parts = new HashSet<>(Set.of(method));
        Set<Integer> traps = new HashSet<>();
        long start = -1;
        boolean inside = false;
        while (lines.hasNext()) {
            String line = lines.next();
            Matcher m = LINE.matcher(line);
            Matcher note = NOTE.matcher(line);
            if (note.matches()) {
                parts.add(note.group(1));
            } else if (line.equals("[MachCode]")) {
                inside = true;
            } else if (line.equals("[/MachCode]")) {
                return new MachineCode(method, parts, code.toByteArray(), traps);
            } else if (inside && m.matches()) {
                long address = Long.parseLong(m.group(1), 16);
                start = start < 0 ? address : start;
                if (m.group(3) == null && address != start + code.size()) {
                    throw new IllegalStateException("the JVM left out some of " + method + ": " + line);
                }
                if (m.group(3) != null && m.group(3).contains("UncommonTrapBlob")) {
                    traps.add((int) (address - start));
                }
                code.writeBytes(HexFormat.of().parseHex(m.group(2).replaceAll("[| ]", "")));
            }
        }
        throw new IllegalStateException(
                "no [MachCode] of " + method + "; has this JVM a disassembler (hsdis)? Take it away");
    }
}
