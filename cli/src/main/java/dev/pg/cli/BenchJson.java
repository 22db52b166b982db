package dev.pg.cli;

import dev.pg.bench.Report;
import dev.pg.bench.Result;
import dev.pg.kernels.VectorSupport;
import java.util.OptionalDouble;
import java.util.SortedMap;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** A benchmark as JSON. bench/README.md names the fields. */
final class BenchJson {
    private BenchJson() {}

    static ObjectNode of(Report report) {
        ObjectNode json = CompletionJson.object();
        Report.Subject subject = report.subject();
        json.putObject("model")
                .put("name", subject.model())
                .put("weights", subject.weights())
                .put("bytes", subject.bytes())
                .put("layers", subject.layers())
                .put("vision_layers", subject.visionLayers())
                .put("scaled_to_layers", subject.allLayers())
                .put("scaled_to_vision_layers", subject.allVisionLayers());
        ObjectNode machine = json.putObject("machine");
        machine.put("vector", VectorSupport.describe());
        machine.put("java", Runtime.version().toString());
        putByThreads(machine.putObject("fma_gflops"), report.machine().fmaGflops());
        ObjectNode read = machine.putObject("read_gbps");
        putByThreads(read.putObject("mapped"), report.machine().mappedGbps());
        putByThreads(read.putObject("huge"), report.machine().hugeGbps());
        ArrayNode results = json.putArray("results");
        report.results().forEach(result -> put(results.addObject(), result));
        return json;
    }

    private static void putByThreads(ObjectNode object, SortedMap<Integer, Double> byThreads) {
        byThreads.forEach((threads, value) -> object.put(threads.toString(), value));
    }

    private static void put(ObjectNode object, Result result) {
        object.put("name", result.name())
                .put("threads", result.threads())
                .put("dtype", result.dtype())
                .put("tokens", result.tokens())
                .put("batch", result.batch())
                .put("seconds", result.seconds())
                .put("rate", result.rate())
                .put("unit", result.unit());
        put(object, "limit", result.limit());
        put(object, "fraction", result.fraction());
        object.put("spread", result.spread()).put("per_second", result.perSecond());
    }

    private static void put(ObjectNode object, String name, OptionalDouble value) {
        if (value.isPresent()) {
            object.put(name, value.getAsDouble());
        } else {
            object.putNull(name);
        }
    }
}
