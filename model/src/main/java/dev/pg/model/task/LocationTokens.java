package dev.pg.model.task;

import dev.pg.core.PgException;
import dev.pg.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * Finds boxes and masks in generated ids: {@code <locY1><locX1><locY2><locX2> label ; …}, with sixteen {@code <seg>} tokens before the
 * label when the prompt was {@code segment}. It reads ids, not text, so that a label may contain what it likes.
 *
 * <p>A model may write anything, and nothing is repaired: boxes that repeat stay, and so do boxes whose edges are in the wrong
 * order ({@link Box#isEmpty}). Four location tokens make a region whatever follows; a label may be missing. Location tokens that
 * are not four together, and segmentation tokens that are not sixteen together behind a box, are dropped and counted.
 *
 * <p>Immutable; as thread-safe as the decoding function.
 */
public final class LocationTokens {
    /** Number of location tokens in a vocabulary, {@code <loc0000>} to {@code <loc1023>}. */
    public static final int LOCATIONS = 1024;

    /** Number of segmentation tokens in a vocabulary, {@code <seg000>} to {@code <seg127>}. */
    public static final int CODES = 128;

    private static final int BOX_TOKENS = 4;
    private static final int MASK_TOKENS = 16;

    private final int firstLocation;
    private final int firstCode;
    private final Function<int[], String> decode;

    /**
     * @param firstLocation id of {@code <loc0000>}
     * @param firstCode id of {@code <seg000>}, or -1 if the vocabulary has no masks
     * @param decode turns the ids of a label into text
     */
    public LocationTokens(int firstLocation, int firstCode, Function<int[], String> decode) {
        this.firstLocation = firstLocation;
        this.firstCode = firstCode;
        this.decode = decode;
    }

    /**
     * The location and segmentation tokens of a tokenizer.
     *
     * @throws PgException if it has no location tokens
     */
    public static LocationTokens of(Tokenizer tokenizer) {
        int locations = first(tokenizer, "<loc0000>", "<loc1023>", LOCATIONS);
        if (locations < 0) {
            throw new PgException("the tokenizer has no tokens <loc0000> to <loc1023>; boxes need a PaliGemma model");
        }
        return new LocationTokens(locations, first(tokenizer, "<seg000>", "<seg127>", CODES), tokenizer::decode);
    }

    /** The id of {@code first} if {@code count} ids lead from it to {@code last}; else -1. */
    private static int first(Tokenizer tokenizer, String first, String last, int count) {
        int from = tokenizer.id(first).orElse(-1);
        int to = tokenizer.id(last).orElse(-1);
        return from >= 0 && to == from + count - 1 ? from : -1;
    }

    /**
     * What {@link #parse} found.
     *
     * @param regions in the order in which they were written
     * @param text what stands before the first region or behind a {@code ;} without a region of its own
     * @param dropped number of location and segmentation tokens that belong to no whole group
     */
    public record Answer(List<Region> regions, String text, int dropped) {
        public Answer {
            regions = List.copyOf(regions);
        }
    }

    /** Reads an answer of any length. */
    public Answer parse(int[] ids) {
        List<Region> regions = new ArrayList<>();
        List<String> texts = new ArrayList<>();
        int dropped = 0;
        int at = wordsEnd(ids, 0);
        addText(texts, decode.apply(Arrays.copyOf(ids, at)));
        while (at < ids.length) {
            int locations = run(ids, at, firstLocation, LOCATIONS);
            if (locations < BOX_TOKENS) {
                int codes = run(ids, at + locations, firstCode, CODES);
                dropped += locations + codes;
                int end = wordsEnd(ids, at + locations + codes);
                addText(texts, decode.apply(Arrays.copyOfRange(ids, at + locations + codes, end)));
                at = end;
                continue;
            }
            int codes = run(ids, at + BOX_TOKENS, firstCode, CODES);
            boolean masked = codes >= MASK_TOKENS;
            int extra = masked ? codes - MASK_TOKENS : codes;
            int words = at + BOX_TOKENS + codes;
            int end = wordsEnd(ids, words);
            String text = decode.apply(Arrays.copyOfRange(ids, words, end));
            int separator = text.indexOf(';');
            String label = separator < 0 ? text : text.substring(0, separator);
            regions.add(region(ids, at, masked, label.strip()));
            addText(texts, separator < 0 ? "" : text.substring(separator + 1));
            dropped += extra;
            at = end;
        }
        return new Answer(regions, String.join(" ; ", texts), dropped);
    }

    private Region region(int[] ids, int at, boolean masked, String label) {
        List<Integer> codes = new ArrayList<>();
        for (int i = 0; masked && i < MASK_TOKENS; i++) {
            codes.add(ids[at + BOX_TOKENS + i] - firstCode);
        }
        return new Region(
                ids[at] - firstLocation,
                ids[at + 1] - firstLocation,
                ids[at + 2] - firstLocation,
                ids[at + 3] - firstLocation,
                codes,
                label);
    }

    private static void addText(List<String> texts, String text) {
        for (String part : text.split(";", -1)) {
            if (!part.isBlank()) {
                texts.add(part.strip());
            }
        }
    }

    /** How many ids from {@code at} on are among the {@code count} ids that begin with {@code first}. */
    private static int run(int[] ids, int at, int first, int count) {
        int end = at;
        while (end < ids.length && isOneOf(ids[end], first, count)) {
            end++;
        }
        return end - at;
    }

    /** The index of the next location or segmentation token. */
    private int wordsEnd(int[] ids, int at) {
        int end = at;
        while (end < ids.length
                && !isOneOf(ids[end], firstLocation, LOCATIONS)
                && !isOneOf(ids[end], firstCode, CODES)) {
            end++;
        }
        return end;
    }

    private static boolean isOneOf(int id, int first, int count) {
        return first >= 0 && id >= first && id < first + count;
    }
}
