package dev.pg.cli;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.pg.bench.AdapterCost;
import dev.pg.bench.MatMulTable;
import dev.pg.bench.Spills;
import dev.pg.bench.SyntheticCheckpoint;
import dev.pg.core.JsonTree;
import dev.pg.core.PgException;
import org.junit.jupiter.api.Test;

/** The floor plan: arrows point down only, the Vector API stays in its room, and only this module prints or exits. */
class ArchitectureTest {
    private static final JavaClasses PG = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.pg");

    /** Have command lines of their own, and are no part of pg's. */
    private static final DescribedPredicate<JavaClass> PROGRAM = type(SyntheticCheckpoint.class)
            .or(type(Spills.class))
            .or(type(AdapterCost.class))
            .or(type(MatMulTable.class));

    @Test
    void arrowsPointDown() {
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("core")
                .definedBy("dev.pg.core..")
                .layer("kernels")
                .definedBy("dev.pg.kernels..")
                .layer("tokenizer")
                .definedBy("dev.pg.tokenizer..")
                .layer("model")
                .definedBy("dev.pg.model..")
                .layer("bench")
                .definedBy("dev.pg.bench..")
                .layer("cli")
                .definedBy("dev.pg.cli..")
                .whereLayer("core")
                .mayOnlyBeAccessedByLayers("kernels", "tokenizer", "model", "bench", "cli")
                .whereLayer("kernels")
                .mayOnlyBeAccessedByLayers("model", "bench", "cli")
                .whereLayer("tokenizer")
                .mayOnlyBeAccessedByLayers("model", "bench", "cli")
                .whereLayer("model")
                .mayOnlyBeAccessedByLayers("bench", "cli")
                .whereLayer("bench")
                .mayOnlyBeAccessedByLayers("cli")
                .whereLayer("cli")
                .mayNotBeAccessedByAnyLayer()
                .check(PG);
    }

    @Test
    void theTokenizerKnowsNothingOfTensors() {
        noClasses()
                .that()
                .resideInAPackage("dev.pg.tokenizer..")
                .should()
                .dependOnClassesThat(resideInAPackage("dev.pg.core..")
                        .and(not(type(PgException.class)))
                        .and(not(type(JsonTree.class))))
                .check(PG);
    }

    @Test
    void onlyKernelsUseTheVectorApi() {
        noClasses()
                .that(not(resideInAnyPackage("dev.pg.kernels..", "dev.pg.bench..")))
                .should()
                .dependOnClassesThat(resideInAPackage("jdk.incubator.vector.."))
                .check(PG);
    }

    /** Two shapes of float vectors in one process make C2 box sums; see LaneSums. */
    @Test
    void kernelsUseVectorsOfOneShape() {
        noClasses()
                .that(resideInAPackage("dev.pg.kernels.."))
                .should()
                .accessFieldWhere(describe(
                        "it is a species of a fixed size",
                        access -> access.getTargetOwner().getPackageName().equals("jdk.incubator.vector")
                                && access.getTarget().getName().matches("SPECIES_.*")))
                .check(PG);
    }

    @Test
    void nothingBelowTheCliPrintsOrExits() {
        noClasses()
                .that(not(resideInAPackage("dev.pg.cli..").or(PROGRAM)))
                .should()
                .accessField(System.class, "out")
                .orShould()
                .accessField(System.class, "err")
                .orShould()
                .callMethod(System.class, "exit", int.class)
                .orShould()
                .callMethod(Throwable.class, "printStackTrace")
                .check(PG);
    }

    @Test
    void nothingBelowTheCliKnowsItsLibrary() {
        noClasses()
                .that(not(resideInAPackage("dev.pg.cli..").or(PROGRAM)))
                .should()
                .dependOnClassesThat(resideInAPackage("picocli.."))
                .check(PG);
    }
}
