package dev.pg.model.adapter;

import dev.pg.core.PgException;
import dev.pg.core.Tensor;
import dev.pg.core.Workers;
import dev.pg.kernels.Linear;
import dev.pg.kernels.LowRank;
import dev.pg.kernels.Weights;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The adapters of one model, applied to its layers while these are put together. Several adapters of one layer are summed. Not
 * thread-safe: it keeps account of what has been applied.
 */
public final class Adapters {
    /** What becomes of a layer's weights W. */
    @FunctionalInterface
    private interface Method {
        Linear apply(Weights weights, float[] bias, List<LowRank> updates);
    }

    private final List<Adapter> adapters;
    private final Method method;
    private final Set<String> applied = new HashSet<>(); // roles

    private Adapters(List<Adapter> adapters, Method method) {
        this.adapters = List.copyOf(adapters);
        this.method = method;
    }

    /** W stays as it is, shared by all that use it, and y = W·x + s·B·(A·x). */
    public static Adapters beside(List<Adapter> adapters) {
        return new Adapters(
                adapters, (weights, bias, updates) -> Linear.of(weights, bias).with(updates));
    }

    /**
     * W + s·B·A in float32 in place of W.
     *
     * @param workers who adds
     * @param arena where the sums lie
     */
    public static Adapters merged(List<Adapter> adapters, Workers workers, Arena arena) {
        return new Adapters(
                adapters, (weights, bias, updates) -> Linear.of(LowRank.merge(weights, updates, workers, arena), bias));
    }

    /**
     * A linear layer with what the adapters do to it.
     *
     * @param role what {@link dev.pg.model.ModelTensors} calls it
     * @param base for messages: the model's directory
     * @throws PgException if an update has another shape than the layer, or should be there and is not
     */
    public Linear apply(String role, Weights weights, float[] bias, Path base) {
        List<LowRank> updates = new ArrayList<>();
        for (Adapter adapter : adapters) {
            Optional<Adapter.Module> module = adapter.module(role);
            if (module.isPresent()) {
                updates.add(update(adapter, module.get(), weights, base));
            }
        }
        if (updates.isEmpty()) {
            return Linear.of(weights, bias);
        }
        applied.add(role);
        return method.apply(weights, bias, updates);
    }

    private static LowRank update(Adapter adapter, Adapter.Module module, Weights weights, Path base) {
        LowRank update = LowRank.of(module.a(), module.b(), (float) (module.scaling() * adapter.weight()));
        if (update.rows() != weights.rows() || update.cols() != weights.cols()) {
            throw new PgException(adapter.directory() + ": updates \"" + module.name() + "\" as [" + update.rows()
                    + ", "
                    + update.cols() + "], in " + base + " it is [" + weights.rows() + ", " + weights.cols() + "]; "
                    + trainedOn(adapter));
        }
        return update;
    }

    /**
     * The tensor that replaces the base's, if an adapter holds it whole.
     *
     * @throws PgException if it has another shape, or two adapters hold it
     */
    public Optional<Tensor> replacement(String role, long... shape) {
        Optional<Tensor> found = Optional.empty();
        for (Adapter adapter : adapters) {
            Tensor tensor = adapter.whole().get(role);
            if (tensor != null) {
                if (found.isPresent()) {
                    throw new PgException(adapter.directory() + ": replaces " + tensor
                            + ", as another adapter does; use one of them");
                }
                if (!Arrays.equals(tensor.shape(), shape)) {
                    throw new PgException(adapter.directory() + ": replaces " + tensor + ", the base has "
                            + Arrays.toString(shape) + "; " + trainedOn(adapter));
                }
                found = Optional.of(tensor);
                applied.add(role);
            }
        }
        return found;
    }

    /**
     * Checks, when the model is complete, that it has a place for all that the adapters hold, and that they hold all that their
     * configurations promise.
     *
     * @param layers the linear layers of the model, by role
     * @param base for messages: the model's directory
     * @throws PgException that names the first thing that is left over or missing
     */
    public void checkComplete(Set<String> layers, Path base) {
        for (Adapter adapter : adapters) {
            for (Adapter.Module module : adapter.modules()) {
                if (!applied.contains(module.role())) {
                    throw new PgException(adapter.directory() + ": updates \"" + module.name() + "\", which " + base
                            + " does not have; " + trainedOn(adapter));
                }
            }
            for (String role : adapter.whole().keySet()) {
                if (!applied.contains(role)) {
                    throw new PgException(adapter.directory() + ": replaces \""
                            + adapter.whole().get(role).name() + "\", which " + base + " does not have; "
                            + trainedOn(adapter));
                }
            }
            NameScheme names = NameScheme.of(adapter);
            for (String role : layers) {
                if (adapter.module(role).isEmpty()
                        && names.knows(role)
                        && adapter.config().modules().requires(names.name(role))) {
                    throw new PgException(adapter.directory().resolve(Adapter.FILE) + ": has no update of \""
                            + names.name(role) + "\", which target_modules names; download it again, or "
                            + trainedOn(adapter));
                }
            }
        }
    }

    private static String trainedOn(Adapter adapter) {
        String base = adapter.config().baseModel();
        return "the adapter belongs to another base" + (base.isEmpty() ? "" : " (it names " + base + ")");
    }
}
