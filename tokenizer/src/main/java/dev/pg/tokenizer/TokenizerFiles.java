package dev.pg.tokenizer;

import dev.pg.core.PgException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Finds the tokenizer in a model directory and reads its bytes. */
final class TokenizerFiles {
    /** The first that is there is read; a SentencePiece model is smaller than the same tokenizer as JSON, and opens faster. */
    private static final List<String> NAMES = List.of("tokenizer.model", "spiece.model", "tokenizer.json");

    /** A quarter of a million pieces take 35 MB as JSON, 4 MB as a SentencePiece model. */
    private static final long MAX_BYTES = 64L << 20;

    private TokenizerFiles() {}

    static Tokenizer open(Path path) {
        if (!Files.isDirectory(path)) {
            return new Tokenizer(readFile(path), TokenizerSettings.NONE);
        }
        for (String name : NAMES) {
            if (Files.exists(path.resolve(name))) {
                TokenizerModel model = AddedTokenFiles.extend(readFile(path.resolve(name)), path);
                return new Tokenizer(model, TokenizerSettings.read(path, model));
            }
        }
        throw new PgException(path + ": no " + String.join(", ", NAMES)
                + " in this directory; fetch the tokenizer together with the model");
    }

    private static TokenizerModel readFile(Path file) {
        byte[] bytes = bytes(file);
        return file.toString().endsWith(".json")
                ? TokenizerJson.parse(bytes, file.toString())
                : SentencePieceFile.parse(bytes, file.toString());
    }

    /**
     * The content of a file.
     *
     * @throws PgException if it cannot be read, or is what downloads leave behind in place of a file
     */
    static byte[] bytes(Path file) {
        byte[] bytes;
        try {
            long size = Files.size(file);
            if (size > MAX_BYTES) {
                throw new PgException(
                        file + ": " + size + " bytes are too many for a tokenizer file; is it the right file?");
            }
            bytes = Files.readAllBytes(file);
        } catch (IOException e) {
            throw new PgException(file + ": cannot be read (" + e + "); check the path and its permissions", e);
        }
        String head = new String(Arrays.copyOf(bytes, Math.min(bytes.length, 200)), StandardCharsets.ISO_8859_1)
                .strip()
                .toLowerCase(Locale.ROOT);
        if (head.isEmpty()) {
            throw new PgException(file + ": the file is empty; fetch it again");
        }
        if (head.startsWith("version https://git-lfs")) {
            throw new PgException(
                    file + ": only a git-lfs pointer, not the file itself; run `git lfs pull` in the model directory");
        }
        if (head.startsWith("<!doctype") || head.startsWith("<html") || head.startsWith("<?xml")) {
            throw new PgException(file + ": a web page, not a tokenizer; fetch it again (a gated model needs a login)");
        }
        return bytes;
    }
}
