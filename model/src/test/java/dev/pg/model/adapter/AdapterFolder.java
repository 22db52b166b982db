package dev.pg.model.adapter;

import dev.pg.core.Safetensors;
import dev.pg.core.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;

/** A copy of an adapter of the golden files that a test may spoil. */
record AdapterFolder(Path directory) {
    static final Path GOLDEN = Path.of(System.getProperty("pg.testdata"), "golden");

    static AdapterFolder copy(String name, Path directory) {
        AdapterFolder folder = new AdapterFolder(directory);
        for (String file : List.of(AdapterConfig.FILE, Adapter.FILE)) {
            try {
                Files.write(
                        directory.resolve(file),
                        Files.readAllBytes(GOLDEN.resolve("lora").resolve(name).resolve(file)));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return folder;
    }

    /** Puts what {@code change} makes of each tensor in its place; null drops it. */
    AdapterFolder tensors(UnaryOperator<Tensor> change) {
        Path file = directory.resolve(Adapter.FILE);
        List<Tensor> changed = Safetensors.open(file, Arena.ofAuto()).tensors().values().stream()
                .map(change)
                .filter(Objects::nonNull)
                .toList();
        Safetensors.write(file, changed, Map.of());
        return this;
    }

    /** Puts tensors behind those that are there. */
    AdapterFolder add(List<Tensor> tensors) {
        Path file = directory.resolve(Adapter.FILE);
        List<Tensor> all =
                new ArrayList<>(Safetensors.open(file, Arena.ofAuto()).tensors().values());
        all.addAll(tensors);
        Safetensors.write(file, all, Map.of());
        return this;
    }

    /** Replaces text in the configuration, which must be there. */
    AdapterFolder config(String text, String by) {
        try {
            Path file = directory.resolve(AdapterConfig.FILE);
            String before = Files.readString(file);
            if (!before.contains(text)) {
                throw new AssertionError("no " + text + " in " + before);
            }
            Files.writeString(file, before.replace(text, by));
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
