package dev.pg.tokenizer;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.ExtensionRegistryLite;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import com.google.protobuf.WireFormat;
import dev.pg.core.PgException;
import dev.pg.tokenizer.proto.ModelProto;
import dev.pg.tokenizer.proto.NormalizerSpec;
import dev.pg.tokenizer.proto.TrainerSpec;
import java.io.IOException;
import java.util.List;

/**
 * Reads a SentencePiece model ({@code tokenizer.model}, {@code spiece.model}). Pieces are taken from the file one by one: as one message
 * they would need ten times the memory of the file.
 */
final class SentencePieceFile {
    private static final Trie NO_SYMBOLS = new Trie();

    private final String source;
    private final Vocabulary.Builder pieces;
    private TrainerSpec trainer = TrainerSpec.getDefaultInstance();
    private NormalizerSpec normalizer = NormalizerSpec.getDefaultInstance();
    private NormalizerSpec denormalizer = NormalizerSpec.getDefaultInstance();
    private boolean trainerSeen;

    private SentencePieceFile(String source) {
        this.source = source;
        this.pieces = new Vocabulary.Builder(source);
    }

    /**
     * Parses a model.
     *
     * @param source the file, for messages
     * @throws PgException if the bytes are no model, or one of a kind that is not supported
     */
    static TokenizerModel parse(byte[] bytes, String source) {
        SentencePieceFile file = new SentencePieceFile(source);
        try {
            file.read(CodedInputStream.newInstance(bytes));
        } catch (IOException e) {
            throw new PgException(
                    source + ": not a SentencePiece model (" + e.getMessage()
                            + "); the file is cut off or damaged, fetch it again",
                    e);
        }
        return file.build();
    }

    private void read(CodedInputStream in) throws IOException {
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            boolean message = WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
            switch (message ? WireFormat.getTagFieldNumber(tag) : 0) {
                case ModelProto.PIECES_FIELD_NUMBER -> add(message(in, ModelProto.SentencePiece.parser()));
                case ModelProto.TRAINER_SPEC_FIELD_NUMBER -> {
                    trainer = message(in, TrainerSpec.parser());
                    trainerSeen = true;
                }
                case ModelProto.NORMALIZER_SPEC_FIELD_NUMBER -> normalizer = message(in, NormalizerSpec.parser());
                case ModelProto.DENORMALIZER_SPEC_FIELD_NUMBER -> denormalizer = message(in, NormalizerSpec.parser());
                default -> in.skipField(tag);
            }
        }
    }

    private static <M extends MessageLite> M message(CodedInputStream in, Parser<M> parser) throws IOException {
        return in.readMessage(parser, ExtensionRegistryLite.getEmptyRegistry());
    }

    private void add(ModelProto.SentencePiece piece) {
        PieceType type = switch (piece.getType()) {
            case NORMAL -> PieceType.NORMAL;
            case UNKNOWN -> PieceType.UNKNOWN;
            case CONTROL -> PieceType.CONTROL;
            case USER_DEFINED -> PieceType.USER_DEFINED;
            case UNUSED -> PieceType.UNUSED;
            case BYTE -> PieceType.BYTE;
        };
        pieces.add(piece.getPiece().toByteArray(), piece.getScore(), type);
    }

    private TokenizerModel build() {
        if (pieces.size() == 0 || !trainerSeen) {
            throw new PgException(source + ": not a whole SentencePiece model (" + pieces.size()
                    + " pieces, trainer_spec " + (trainerSeen ? "present" : "missing")
                    + "); the file is cut off or something else, fetch it again");
        }
        Vocabulary vocabulary = pieces.build(trainer.getByteFallback());
        Trie userDefined = userDefined(vocabulary);
        boolean denormalizes = !denormalizer.getPrecompiledCharsmap().isEmpty();
        return new TokenizerModel(
                vocabulary,
                normalizer(normalizer, trainer.getTreatWhitespaceAsSuffix(), userDefined),
                segmenter(vocabulary, userDefined),
                denormalizes ? normalizer(denormalizer, false, NO_SYMBOLS) : null,
                trainer.getUnkSurface(),
                new TokenizerModel.Marks(
                        vocabulary.control(orDefault(trainer.getBosPiece(), "<s>")),
                        vocabulary.control(orDefault(trainer.getEosPiece(), "</s>")),
                        vocabulary.control(orDefault(trainer.getPadPiece(), "<pad>"))),
                List.of());
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

    private Segmenter segmenter(Vocabulary vocabulary, Trie userDefined) {
        return switch (trainer.getModelType()) {
            case BPE -> new BytePairEncoding(vocabulary, new ScoredMerges(vocabulary), userDefined);
            case UNIGRAM -> new Unigram(vocabulary);
            case WORD, CHAR ->
                throw new PgException(source + ": a SentencePiece model of type " + trainer.getModelType()
                        + "; only BPE and UNIGRAM are supported");
        };
    }

    private Normalizer normalizer(NormalizerSpec spec, boolean whitespaceAsSuffix, Trie untouched) {
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
