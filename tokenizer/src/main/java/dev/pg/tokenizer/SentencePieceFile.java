package dev.pg.tokenizer;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.pg.core.PgException;
import dev.pg.tokenizer.proto.ModelProto;
import dev.pg.tokenizer.proto.NormalizerSpec;
import dev.pg.tokenizer.proto.TrainerSpec;
import java.util.List;

/** Reads a SentencePiece model ({@code tokenizer.model}, {@code spiece.model}). */
final class SentencePieceFile {
    private static final Trie NO_SYMBOLS = new Trie();

    private SentencePieceFile() {}

    /**
     * Parses a model.
     *
     * @param source the file, for messages
     * @throws PgException if the bytes are no model, or one of a kind that is not supported
     */
    static TokenizerModel parse(byte[] bytes, String source) {
        ModelProto proto;
        try {
            proto = ModelProto.parseFrom(bytes);
        } catch (InvalidProtocolBufferException e) {
            throw new PgException(
                    source + ": not a SentencePiece model (" + e.getMessage()
                            + "); the file is cut off or damaged, fetch it again",
                    e);
        }
        if (proto.getPiecesCount() == 0 || !proto.hasTrainerSpec()) {
            throw new PgException(source + ": not a whole SentencePiece model (" + proto.getPiecesCount()
                    + " pieces, trainer_spec " + (proto.hasTrainerSpec() ? "present" : "missing")
                    + "); the file is cut off or something else, fetch it again");
        }
        TrainerSpec trainer = proto.getTrainerSpec();
        Vocabulary vocabulary = vocabulary(proto, source);
        Trie userDefined = userDefined(vocabulary);
        return new TokenizerModel(
                vocabulary,
                normalizer(proto.getNormalizerSpec(), trainer.getTreatWhitespaceAsSuffix(), userDefined, source),
                segmenter(trainer, vocabulary, userDefined, source),
                proto.getDenormalizerSpec().getPrecompiledCharsmap().isEmpty()
                        ? null
                        : normalizer(proto.getDenormalizerSpec(), false, NO_SYMBOLS, source),
                trainer.getUnkSurface(),
                new TokenizerModel.Marks(
                        vocabulary.control(orDefault(trainer.getBosPiece(), "<s>")),
                        vocabulary.control(orDefault(trainer.getEosPiece(), "</s>")),
                        vocabulary.control(orDefault(trainer.getPadPiece(), "<pad>"))),
                List.of());
    }

    private static Vocabulary vocabulary(ModelProto proto, String source) {
        boolean byteFallback = proto.getTrainerSpec().getByteFallback();
        Vocabulary.Builder builder = new Vocabulary.Builder(source, proto.getPiecesCount(), byteFallback);
        for (ModelProto.SentencePiece piece : proto.getPiecesList()) {
            PieceType type = switch (piece.getType()) {
                case NORMAL -> PieceType.NORMAL;
                case UNKNOWN -> PieceType.UNKNOWN;
                case CONTROL -> PieceType.CONTROL;
                case USER_DEFINED -> PieceType.USER_DEFINED;
                case UNUSED -> PieceType.UNUSED;
                case BYTE -> PieceType.BYTE;
            };
            if (type == PieceType.BYTE && !byteFallback) {
                throw new PgException(
                        source + ": byte piece \"" + piece.getPiece().toStringUtf8()
                                + "\" although byte_fallback is off; the file is damaged, fetch it again");
            }
            builder.add(piece.getPiece().toByteArray(), piece.getScore(), type);
        }
        return builder.build();
    }

    private static Trie userDefined(Vocabulary vocabulary) {
        Trie trie = new Trie();
        for (int id = 0; id < vocabulary.size(); id++) {
            if (vocabulary.type(id) == PieceType.USER_DEFINED) {
                trie.put(vocabulary.bytes(id), id);
            }
        }
        return trie;
    }

    private static Segmenter segmenter(TrainerSpec trainer, Vocabulary vocabulary, Trie userDefined, String source) {
        return switch (trainer.getModelType()) {
            case BPE -> new BytePairEncoding(vocabulary, new ScoredMerges(vocabulary), userDefined);
            case UNIGRAM -> new Unigram(vocabulary);
            case WORD, CHAR ->
                throw new PgException(source + ": a SentencePiece model of type " + trainer.getModelType()
                        + "; only BPE and UNIGRAM are supported");
        };
    }

    private static Normalizer normalizer(
            NormalizerSpec spec, boolean whitespaceAsSuffix, Trie untouched, String source) {
        Charsmap charsmap =
                spec.getPrecompiledCharsmap().isEmpty() ? null : new Charsmap(spec.getPrecompiledCharsmap(), source);
        Normalizer.Options options = new Normalizer.Options(
                spec.getAddDummyPrefix(),
                spec.getRemoveExtraWhitespaces(),
                spec.getEscapeWhitespaces(),
                whitespaceAsSuffix);
        return new Normalizer(options, charsmap, untouched);
    }

    private static String orDefault(String piece, String ifEmpty) {
        return piece.isEmpty() ? ifEmpty : piece;
    }
}
