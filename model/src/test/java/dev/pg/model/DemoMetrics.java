package dev.pg.model;

import dev.pg.model.task.Box;
import dev.pg.model.task.MaskDecoder;
import dev.pg.model.task.ObjectMask;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/** Scores of the demo model's answers, after {@code testdata/demo-model/tools/metrics.py}. */
final class DemoMetrics {
    private static final Pattern LOCATED =
            Pattern.compile("<loc(\\d{4})><loc(\\d{4})><loc(\\d{4})><loc(\\d{4})>((?:<seg\\d{3}>)*) ?([^<;]*)");
    private static final Pattern CODE = Pattern.compile("<seg(\\d{3})>");

    private record Located(Box box, List<Integer> codes, String label) {}

    private final Map<String, List<Double>> values = new HashMap<>();
    private final MaskDecoder masks;

    DemoMetrics(MaskDecoder masks) {
        this.masks = masks;
    }

    /** Mean of everything scored under {@code metric}. */
    Map<String, Double> means() {
        Map<String, Double> means = new TreeMap<>();
        values.forEach((metric, all) -> means.put(
                metric, all.stream().mapToDouble(Double::doubleValue).average().orElseThrow()));
        return means;
    }

    int count(String metric) {
        return values.get(metric).size();
    }

    private void add(String metric, double value) {
        values.computeIfAbsent(metric, m -> new ArrayList<>()).add(value);
    }

    /**
     * Scores one answer.
     *
     * @param task an entry of {@code truth.json}'s tasks
     */
    void score(JsonNode task, String answer) {
        String type = task.get("type").stringValue();
        String truth = task.get("answer").stringValue();
        double exact = answer.strip().equals(truth) ? 1 : 0;
        switch (type) {
            case "detect", "detect2" -> scoreBoxes(parse(answer, 1, 1), parse(truth, 1, 1));
            case "segment" -> scoreMask(task, answer, truth);
            case "caption en", "caption de", "caption es" -> add(type + " exact", exact);
            case "ocr" -> scoreText(truth, exact);
            default -> {
                add("vqa " + type, exact);
                add("vqa", exact);
            }
        }
    }

    private void scoreText(String truth, double exact) {
        boolean number = truth.chars().allMatch(Character::isDigit);
        add("ocr exact", exact);
        add(number ? "ocr number exact" : "ocr word exact", exact);
        if (number && truth.length() == 3) {
            add("ocr 3-digit exact", exact);
        }
    }

    private void scoreBoxes(List<Located> got, List<Located> want) {
        double sum = 0;
        int hits = 0;
        for (int i = 0; i < want.size(); i++) {
            boolean same = i < got.size() && got.get(i).label.equals(want.get(i).label);
            double iou = same ? got.get(i).box.iou(want.get(i).box) : 0;
            sum += iou;
            hits += iou > 0.5 ? 1 : 0;
        }
        add("detect mean IoU", sum / want.size());
        add("detect IoU>0.5", (double) hits / want.size());
    }

    private void scoreMask(JsonNode task, String answer, String truth) {
        int width = task.get("size").get(0).intValue();
        int height = task.get("size").get(1).intValue();
        List<Located> got = parse(answer, width, height);
        if (got.isEmpty() || got.getFirst().codes.size() != 16) {
            add("segment mean IoU", 0);
            add("segment box IoU", 0);
            return;
        }
        Located first = got.getFirst();
        ObjectMask mask = ObjectMask.of(masks.decode(first.codes), first.box, width, height);
        boolean[] wanted = unpack(task.get("mask"), width * height);
        int common = 0;
        int either = 0;
        for (int i = 0; i < wanted.length; i++) {
            boolean inside = mask.contains(i % width, i / width);
            common += inside && wanted[i] ? 1 : 0;
            either += inside || wanted[i] ? 1 : 0;
        }
        add("segment mean IoU", (double) common / Math.max(1, either));
        add(
                "segment box IoU",
                parse(answer, 1, 1).getFirst().box.iou(parse(truth, 1, 1).getFirst().box));
    }

    /** Row-major run lengths, the first of them of zeros. */
    private static boolean[] unpack(JsonNode runs, int length) {
        boolean[] out = new boolean[length];
        int at = 0;
        boolean inside = false;
        for (JsonNode run : runs) {
            for (int i = 0; i < run.intValue(); i++) {
                out[at++] = inside;
            }
            inside = !inside;
        }
        return out;
    }

    private static List<Located> parse(String text, int width, int height) {
        return LOCATED.matcher(text)
                .results()
                .map(match -> new Located(
                        box(match, width, height),
                        codes(match.group(5)),
                        match.group(6).strip()))
                .toList();
    }

    private static Box box(MatchResult match, int width, int height) {
        float[] edges = new float[4];
        for (int i = 0; i < 4; i++) {
            edges[i] = (float) (Integer.parseInt(match.group(i + 1)) / 1023.0 * (i % 2 == 0 ? height : width));
        }
        return new Box(edges[0], edges[1], edges[2], edges[3]);
    }

    private static List<Integer> codes(String text) {
        return CODE.matcher(text)
                .results()
                .map(match -> Integer.parseInt(match.group(1)))
                .toList();
    }
}
