package dev.pg.kernels;

import dev.pg.core.PgException;
import dev.pg.core.Workers;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** Which kernels multiply matrices. */
public enum Gemm {
    /** Our own, on the Vector API. */
    VECTOR {
        @Override
        public boolean available() {
            return VectorSupport.AVAILABLE;
        }

        @Override
        String cure() {
            return VectorSupport.describe();
        }

        @Override
        MatMul.Backend backend(Workers workers) {
            return new VectorGemm(workers);
        }
    },

    /** OpenBLAS, a native library that the user brings; see {@code -Dpg.blas} and {@code org.bytedeco:openblas}. */
    OPENBLAS {
        @Override
        public boolean available() {
            return OpenBlas.get().isPresent();
        }

        @Override
        String cure() {
            return "install OpenBLAS (libopenblas0), or name its file by -Dpg.blas=FILE";
        }

        @Override
        MatMul.Backend backend(Workers workers) {
            return new BlasGemm(workers, OpenBlas.get().orElseThrow());
        }
    },

    /** Plain loops: always there, slow. */
    SCALAR {
        @Override
        public boolean available() {
            return true;
        }

        @Override
        String cure() {
            return "they always are";
        }

        @Override
        MatMul.Backend backend(Workers workers) {
            return new ScalarGemm(workers);
        }
    };

    /** True if this machine and this JVM can run it. */
    public abstract boolean available();

    /** Why it is not {@link #available}, and what to do about it. */
    abstract String cure();

    abstract MatMul.Backend backend(Workers workers);

    /**
     * The choice of {@code -Dpg.gemm=vector|openblas|scalar}; without it the first that is {@link #available}, in the order of
     * declaration.
     *
     * @throws PgException if the property names none, or one that is not available
     */
    public static Gemm best() {
        String chosen = System.getProperty("pg.gemm");
        if (chosen != null) {
            return parse(chosen);
        }
        return Arrays.stream(values()).filter(Gemm::available).findFirst().orElseThrow();
    }

    /**
     * The kernels of that name.
     *
     * @param name {@code vector}, {@code openblas} or {@code scalar}, in any case
     * @throws PgException if it is none of them, or not available here
     */
    public static Gemm parse(String name) {
        for (Gemm gemm : values()) {
            if (gemm.name().equalsIgnoreCase(name)) {
                if (!gemm.available()) {
                    throw new PgException("matrix kernels \"" + name + "\" are not available here: " + gemm.cure());
                }
                return gemm;
            }
        }
        String names = Arrays.stream(values())
                .map(g -> g.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(", "));
        throw new PgException("unknown matrix kernels \"" + name + "\"; choose one of " + names);
    }
}
