package dev.pg.model.image;

import com.twelvemonkeys.imageio.stream.ByteArrayImageInputStream;
import dev.pg.core.PgException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Iterator;
import javax.imageio.ImageReader;
import javax.imageio.spi.IIORegistry;
import javax.imageio.spi.ImageReaderSpi;
import javax.imageio.stream.ImageInputStream;

/** Runs a decoder of {@code javax.imageio} on bytes in memory, without its disk cache and with its errors translated. */
final class JavaCodec {
    private JavaCodec() {}

    /** What to ask of the decoder. */
    interface Action<T> {
        T run(ImageReader reader) throws IOException;
    }

    /** The JDK's own decoder of a format, whatever other plug-ins an application has on its class path. */
    static ImageReaderSpi jdk(String format) {
        Iterator<ImageReaderSpi> all = IIORegistry.getDefaultInstance()
                .getServiceProviders(
                        ImageReaderSpi.class,
                        spi -> spi instanceof ImageReaderSpi reader
                                && "java.desktop"
                                        .equals(reader.getClass().getModule().getName())
                                && Arrays.asList(reader.getFormatNames()).contains(format),
                        true);
        if (!all.hasNext()) {
            throw new PgException(
                    "this Java runtime has no " + format + " decoder; use one with the module java.desktop");
        }
        return all.next();
    }

    /** Runs {@code action} with a fresh reader of {@code provider} whose input is {@code file}. */
    static <T> T run(ImageReaderSpi provider, PictureFile file, Action<T> action) {
        ImageReader reader = null;
        try (ImageInputStream in = new ByteArrayImageInputStream(file.bytes())) {
            reader = provider.createReaderInstance();
            // No metadata: a compressed text chunk may swell to gigabytes.
            reader.setInput(in, false, true);
            return action.run(reader);
        } catch (PgException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            // The decoders meet damaged data with whatever exception their code runs into.
            throw file.broken("the picture is damaged (" + reason(e) + "); save it again with another program", e);
        } catch (OutOfMemoryError e) {
            // An array of the picture's size did not fit; nothing is half done, and everything else can go on.
            throw file.broken("there is not enough memory to decode the picture; enlarge the Java heap with -Xmx", e);
        } finally {
            if (reader != null) {
                reader.dispose();
            }
        }
    }

    private static String reason(Throwable error) {
        String message = error.getMessage();
        return message == null || message.isBlank()
                ? error.getClass().getSimpleName()
                : message.lines().findFirst().orElseThrow();
    }
}
