package dev.pg.cli;

import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Ctrl-C as something to ask about, while something is under way; at other times it ends the program. By reflection: the JDK has signals in
 * {@code jdk.unsupported} only, which warns at compile time and may be absent.
 */
final class Interrupts {
    /** Exit code of a program that Ctrl-C has ended: 128 + the number of the signal. */
    private static final int INTERRUPTED = 130;

    private final AtomicBoolean underWay = new AtomicBoolean();
    private final AtomicBoolean asked = new AtomicBoolean();

    /** Takes over Ctrl-C for the rest of the program. */
    static Interrupts install() {
        Interrupts interrupts = new Interrupts();
        handle(interrupts::interrupt);
        return interrupts;
    }

    /** Leaves Ctrl-C to another program that gets it too. */
    static void ignore() {
        handle(() -> {});
    }

    private static void handle(Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object proxy = Proxy.newProxyInstance(
                    Interrupts.class.getClassLoader(), new Class<?>[] {handler}, (self, method, arguments) -> {
                        if (method.getName().equals("handle")) {
                            action.run();
                        }
                        return null;
                    });
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance("INT"), proxy);
        } catch (ReflectiveOperationException noSignals) {
            // Then Ctrl-C ends the program, as it does everywhere else.
        }
    }

    /** What Ctrl-C does. */
    void interrupt() {
        if (underWay.get()) {
            asked.set(true);
        } else {
            // Not exit: the shutdown hooks of a chat have nothing to do, and the main thread sits in a read that
            // nothing ends.
            Runtime.getRuntime().halt(INTERRUPTED);
        }
    }

    /** From now on Ctrl-C asks for the end of what begins here. */
    void begin() {
        asked.set(false);
        underWay.set(true);
    }

    /** From now on it ends the program. */
    void end() {
        underWay.set(false);
    }

    /** True if somebody has pressed Ctrl-C since {@link #begin}. */
    boolean asked() {
        return asked.get();
    }
}
