package dev.pg.core;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Anonymous memory in pages of 2 MB where the system has them. Streams of gigabytes read faster from them: the processor looks up
 * one address translation where 4 KB pages need 512.
 *
 * <p>The C library is called through the native linker's default lookup. Thread-safe.
 */
public final class HugePages {
    /** Size and alignment of a huge page on x86-64 and on Arm with 4 KB base pages. */
    public static final long PAGE = 2 << 20;

    private static final int MADV_HUGEPAGE = 14; // asm-generic/mman-common.h

    private HugePages() {}

    /**
     * Allocates {@code bytes} that begin at a multiple of {@link #PAGE} and hold anything. No page is touched: each gets its memory from the
     * system on first use, so threads that fill their own parts share that work. On other systems than Linux, and where the kernel refuses
     * huge pages, the memory is ordinary.
     *
     * @param arena frees it
     * @throws OutOfMemoryError if the system refuses so much
     */
    public static MemorySegment allocate(Arena arena, long bytes) {
        return CLibrary.PRESENT ? CLibrary.allocate(arena, bytes) : arena.allocate(bytes, PAGE);
    }

    /** Apart, so that nobody pays for the linker who does not allocate. */
    private static final class CLibrary {
        // Arena.allocate would not do: it zeroes, in one thread and before the advice, which then comes too late.
        private static final MethodHandle ALIGNED_ALLOC = function(
                "aligned_alloc",
                FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
        private static final MethodHandle FREE = function("free", FunctionDescriptor.ofVoid(ValueLayout.ADDRESS));
        private static final MethodHandle MADVISE = function(
                "madvise",
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));

        /** Elsewhere madvise takes other numbers, and size_t may have another width. */
        static final boolean PRESENT = System.getProperty("os.name").equals("Linux")
                && ValueLayout.ADDRESS.byteSize() == Long.BYTES
                && ALIGNED_ALLOC != null
                && FREE != null
                && MADVISE != null;

        @SuppressWarnings("restricted")
        private static MethodHandle function(String name, FunctionDescriptor type) {
            SymbolLookup lookup = Linker.nativeLinker().defaultLookup();
            return lookup.find(name)
                    .map(address -> Linker.nativeLinker().downcallHandle(address, type))
                    .orElse(null);
        }

        @SuppressWarnings("restricted")
        static MemorySegment allocate(Arena arena, long bytes) {
            long size = Math.max(1, Math.ceilDiv(bytes, PAGE)) * PAGE;
            try {
                MemorySegment memory = (MemorySegment) ALIGNED_ALLOC.invokeExact(PAGE, size);
                if (memory.address() == 0) {
                    throw new OutOfMemoryError("the system refuses " + size + " bytes");
                }
                // A refusal only means small pages, as where the kernel was built without huge ones.
                int _ = (int) MADVISE.invokeExact(memory, size, MADV_HUGEPAGE);
                return memory.reinterpret(size, arena, HugePages.CLibrary::free).asSlice(0, bytes);
            } catch (RuntimeException | Error e) {
                throw e;
            } catch (Throwable e) {
                throw new AssertionError("C functions throw nothing", e);
            }
        }

        private static void free(MemorySegment memory) {
            try {
                FREE.invokeExact(memory);
            } catch (Throwable e) {
                throw new AssertionError("C functions throw nothing", e);
            }
        }
    }
}
