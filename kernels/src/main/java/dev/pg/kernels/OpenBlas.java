package dev.pg.kernels;

import dev.pg.core.PgException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The {@code sgemm} of OpenBLAS, called through the Foreign Function API. The library is looked for in this order: the file that
 * {@code -Dpg.blas} names, the system's own, and the one in {@code org.bytedeco:openblas} if its jar for this platform is on the class
 * path (Linux only).
 *
 * <p>Thread-safe. OpenBLAS is told to use one thread: our workers divide the work, so that the result does not depend on their number
 * and two teams of threads do not fight for the processors.
 */
final class OpenBlas {
    private static final int ROW_MAJOR = 101;
    private static final int NO_TRANSPOSE = 111;
    private static final int TRANSPOSE = 112;

    private static final List<String> SYSTEM_NAMES =
            List.of("libopenblas.so.0", "libopenblas.so", "libopenblas.dylib", "libopenblas.dll");

    /** Files of the jar for Linux, the library itself first. */
    private static final List<String> BUNDLED =
            List.of("libopenblas.so.0", "libgfortran.so.5", "libquadmath.so.0", "libgcc_s.so.1");

    /** Looked up once, when somebody asks first. */
    private static final class Holder {
        static final Optional<OpenBlas> FOUND = find();
    }

    private final MethodHandle sgemm;

    private OpenBlas(SymbolLookup library) {
        Linker linker = Linker.nativeLinker();
        ValueLayout.OfInt i = ValueLayout.JAVA_INT;
        ValueLayout.OfFloat f = ValueLayout.JAVA_FLOAT;
        ValueLayout p = ValueLayout.ADDRESS;
        sgemm = handle(
                linker, library, "cblas_sgemm", FunctionDescriptor.ofVoid(i, i, i, i, i, i, f, p, i, p, i, f, p, i));
        try {
            handle(linker, library, "openblas_set_num_threads", FunctionDescriptor.ofVoid(i))
                    .invokeExact(1);
        } catch (Throwable e) {
            throw new IllegalStateException("openblas_set_num_threads failed", e);
        }
    }

    @SuppressWarnings("restricted")
    private static MethodHandle handle(Linker linker, SymbolLookup library, String name, FunctionDescriptor type) {
        MemorySegment symbol = library.find(name)
                .orElseThrow(() -> new PgException("the BLAS library has no " + name + "; pg needs OpenBLAS"));
        return linker.downcallHandle(symbol, type);
    }

    /**
     * The library of this process, if there is one.
     *
     * @throws PgException if {@code -Dpg.blas} names a file that is no OpenBLAS
     */
    static Optional<OpenBlas> find() {
        String path = System.getProperty("pg.blas");
        if (path != null) {
            return Optional.of(new OpenBlas(open(Path.of(path))
                    .orElseThrow(() -> new PgException("-Dpg.blas=" + path + " is no library that can be loaded"))));
        }
        return SYSTEM_NAMES.stream()
                .flatMap(name -> open(name).stream())
                .findFirst()
                .or(OpenBlas::fromClassPath)
                .map(OpenBlas::new);
    }

    /** {@link #find}, once per process. */
    static Optional<OpenBlas> get() {
        return Holder.FOUND;
    }

    @SuppressWarnings("restricted")
    private static Optional<SymbolLookup> open(String name) {
        try {
            return Optional.of(SymbolLookup.libraryLookup(name, Arena.global()));
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // how a lookup says that there is no such library
        }
    }

    @SuppressWarnings("restricted")
    private static Optional<SymbolLookup> open(Path file) {
        try {
            return Optional.of(SymbolLookup.libraryLookup(file, Arena.global()));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** Out of the jar into a directory of its own, with the libraries that it looks for beside itself. */
    private static Optional<SymbolLookup> fromClassPath() {
        String arch = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "x86_64";
        String folder = "/org/bytedeco/openblas/linux-" + arch + "/";
        if (!System.getProperty("os.name").equals("Linux")
                || OpenBlas.class.getResource(folder + BUNDLED.getFirst()) == null) {
            return Optional.empty();
        }
        try {
            Path directory = Files.createTempDirectory("pg-openblas-");
            directory.toFile().deleteOnExit();
            for (String name : BUNDLED) {
                Path file = directory.resolve(name);
                file.toFile().deleteOnExit();
                try (InputStream in = OpenBlas.class.getResourceAsStream(folder + name)) {
                    if (in != null) {
                        Files.copy(in, file);
                    }
                }
            }
            return open(directory.resolve(BUNDLED.getFirst()));
        } catch (IOException e) {
            throw new PgException("cannot unpack OpenBLAS to the directory for temporary files: " + e.getMessage(), e);
        }
    }

    /** y = x·wᵀ, all row-major, native and without padding: x [m × k], w [n × k], y [m × n]. */
    void sgemm(int m, int n, int k, MemorySegment x, MemorySegment w, MemorySegment y) {
        try {
            sgemm.invokeExact(ROW_MAJOR, NO_TRANSPOSE, TRANSPOSE, m, n, k, 1f, x, k, w, k, 0f, y, n);
        } catch (Throwable e) {
            throw new IllegalStateException("cblas_sgemm failed", e);
        }
    }
}
