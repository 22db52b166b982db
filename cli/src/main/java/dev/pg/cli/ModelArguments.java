package dev.pg.cli;

import dev.pg.core.PgException;
import dev.pg.kernels.Gemm;
import dev.pg.kernels.Quantization;
import dev.pg.model.ColPali;
import dev.pg.model.Embedder;
import dev.pg.model.Model;
import dev.pg.model.ModelOptions;
import dev.pg.model.ModelOptions.AdapterUse;
import dev.pg.model.ModelOptions.FinalSoftCap;
import dev.pg.model.ModelOptions.WeightMemory;
import dev.pg.model.PaliGemma;
import dev.pg.model.SigLip;
import dev.pg.model.TextGenerator;
import dev.pg.model.TextModel;
import dev.pg.model.adapter.Adapter;
import dev.pg.model.config.Architecture;
import dev.pg.model.quantize.WeightFormats;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** Which model, and what it computes with. */
final class ModelArguments {
    @Spec(Target.MIXEE)
    private CommandSpec command;

    @Mixin
    private ModelDirectory directory;

    @Option(names = "--threads", paramLabel = "N", description = "Worker threads (default: one per core).")
    private Integer threads;

    @Option(
            names = "--gemm",
            paramLabel = "NAME",
            description = "Matrix products by vector, openblas or scalar code (default: the best there is).")
    private Gemm gemm;

    @Option(
            names = "--weights",
            paramLabel = "mapped|resident",
            description =
                    "Use the weights where the file is mapped, or copy them into large pages of memory first: slower to"
                            + " start, faster per token (default: mapped).")
    private WeightMemory weights;

    @Option(
            names = "--dtype",
            paramLabel = "q8|q4",
            description =
                    "Quantise embeddings, decoder layers and output projection while loading: slower to start, faster per token"
                            + " (default: as in the files). pg quantize does it once for all.")
    private Quantization dtype;

    @Option(
            names = "--vision-dtype",
            paramLabel = "q8|q4",
            description =
                    "Quantise the vision tower's layers and the projector while loading (default: as in the files).")
    private Quantization visionDtype;

    @Option(
            names = "--max-patches",
            paramLabel = "N",
            description =
                    "Most patches of a picture, for NaFlex models, which keep the aspect ratio: more see finer detail and take"
                            + " longer (default: as the model's files say).")
    private Integer maxPatches;

    @Option(
            names = "--final-softcap",
            paramLabel = "on|off",
            description =
                    "Gemma 2's soft cap on the logits. It moves probabilities, sampling and beams, but no greedy text"
                            + " (default: as transformers 5, off in PaliGemma 2).")
    private Toggle finalSoftCap;

    @Option(
            names = "--adapter",
            paramLabel = "DIR[:WEIGHT]",
            description =
                    "LoRA adapter in the layout of PEFT, multiplied by a weight (default: 1). May be repeated: adapters are"
                            + " summed.")
    private List<String> adapters = List.of();

    @Option(
            names = "--merge-adapters",
            description =
                    "Add the adapters to float32 copies of the weights, instead of computing them beside: slower to start,"
                            + " more memory, no slower per token.")
    private boolean mergeAdapters;

    /** The values of an option that is on or off. */
    enum Toggle {
        ON,
        OFF
    }

    /**
     * Opens any kind of model.
     *
     * @throws PgException if it cannot be opened
     */
    Model open(Console console) {
        return open(console, Optional.empty());
    }

    private Model open(Console console, Optional<Path> maskDecoder) {
        long start = System.nanoTime();
        ModelOptions options = maskDecoder
                .or(() -> directory.isDemo() ? Optional.of(DemoModel.maskDecoder()) : Optional.empty())
                .map(options()::withMaskDecoder)
                .orElse(options());
        Model model = Model.open(directory.path(console), options);
        console.detail("opened " + model.directory() + " in " + Timing.since(start));
        return model;
    }

    /** Opens a model that writes text. */
    TextGenerator openGenerator(Console console) {
        return openGenerator(console, Optional.empty());
    }

    /**
     * Opens a model that writes text.
     *
     * @param maskDecoder the file of its mask decoder, if it has one and that does not lie beside the weights
     */
    TextGenerator openGenerator(Console console, Optional<Path> maskDecoder) {
        return require(TextGenerator.class, open(console, maskDecoder));
    }

    /** Opens another model that writes text, computing in the same way with its weights as they are stored. */
    TextGenerator openReference(Path other, Optional<Path> maskDecoder) {
        ModelOptions options = computing();
        return require(
                TextGenerator.class,
                Model.open(other, maskDecoder.map(options::withMaskDecoder).orElse(options)));
    }

    /**
     * Opens a model that sees and writes.
     *
     * @param maskDecoder the file of its mask decoder, if it does not lie beside the weights
     */
    PaliGemma openPaliGemma(Console console, Optional<Path> maskDecoder) {
        return require(PaliGemma.class, open(console, maskDecoder));
    }

    /** Opens a Gemma by itself. */
    TextModel openText(Console console) {
        return require(TextModel.class, open(console));
    }

    /** Opens a model that compares pages with queries. */
    ColPali openColPali(Console console) {
        return require(ColPali.class, open(console));
    }

    /** Opens a model that makes vectors. */
    Embedder openEmbedder(Console console) {
        return require(Embedder.class, open(console));
    }

    /** Opens a model that compares pictures with texts. */
    SigLip openSigLip(Console console) {
        return require(SigLip.class, open(console));
    }

    /** The model as one of a kind, or what it can do instead of what this command asks. */
    private <T extends Model> T require(Class<T> kind, Model model) {
        if (kind.isInstance(model)) {
            return kind.cast(model);
        }
        model.close();
        Architecture it = model.architecture();
        throw new PgException(model.directory() + ": a " + it.title() + " checkpoint, which " + it.abilities()
                + "; it cannot " + command.name());
    }

    /** What it computes with. */
    private ModelOptions computing() {
        ModelOptions options = ModelOptions.DEFAULT;
        if (threads != null) {
            if (threads < 1) {
                throw new ParameterException(command.commandLine(), "--threads must be 1 or more, not " + threads);
            }
            options = options.withThreads(threads);
        }
        if (gemm != null) {
            options = options.withGemm(Gemm.parse(gemm.name()));
        }
        if (weights != null) {
            options = options.withWeights(weights);
        }
        return options;
    }

    private ModelOptions options() {
        ModelOptions options = computing()
                .withFormats(new WeightFormats(Optional.ofNullable(dtype), Optional.ofNullable(visionDtype)));
        if (!adapters.isEmpty()) {
            List<Adapter> opened = adapters.stream().map(AdapterArgument::open).toList();
            options = options.withAdapters(opened, mergeAdapters ? AdapterUse.MERGED : AdapterUse.BESIDE);
        }
        if (maxPatches != null) {
            if (maxPatches < 1 || maxPatches > ModelOptions.MAX_PATCHES) {
                throw new ParameterException(
                        command.commandLine(),
                        "--max-patches must be 1 to " + ModelOptions.MAX_PATCHES + ", not " + maxPatches);
            }
            options = options.withMaxPatches(maxPatches);
        }
        if (finalSoftCap != null) {
            options = options.withFinalSoftCap(finalSoftCap == Toggle.ON ? FinalSoftCap.ON : FinalSoftCap.OFF);
        }
        return options;
    }
}
