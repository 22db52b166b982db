package dev.pg.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.pg.bench.VectorLoops.Loop;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class VectorLoopsTest {
    @Test
    void theInnermostLoopCounts() {
        assertThat(loops("""
                   0:	vmovups ymm9,YMMWORD PTR [rsp+0x20]
                   4:	vmovups ymm0,YMMWORD PTR [r8+rsi*4+0x10]
                   8:	vmovdqu ymm1,YMMWORD PTR [rsp+0x40]
                   c:	vfmadd231ps ymm1,ymm0,YMMWORD PTR [rsp+0x60]
                  10:	vmovdqu YMMWORD PTR [rsp+0x40],ymm1
                  14:	mov    DWORD PTR [rsp+0x8],esi
                  18:	jl     0x4
                  1c:	vmovdqu YMMWORD PTR [rsp+0x80],ymm1
                  20:	jne    0x0
                  24:	ret
                """)).containsExactly(new Loop(4, 4, 1, 1, 2, 0));
    }

    /** The test of a loop may stand at its end and be where it is entered. */
    @Test
    void aLoopMayBeEnteredAtItsEnd() {
        assertThat(loops("""
                   0:	jmp    0x8
                   4:	vaddps ymm0,ymm0,ymm1
                   8:	cmp    eax,edx
                   c:	jl     0x4
                  10:	ret
                """)).containsExactly(new Loop(4, 1, 0, 0, 0, 0));
    }

    @Test
    void oneLaneIsNoVector() {
        assertThat(loops("""
                   0:	vmovdqu ymm0,YMMWORD PTR [rsp+0x20]
                   4:	vfmadd231ss xmm0,xmm1,xmm2
                   8:	vcvttss2si eax,xmm0
                   c:	jl     0x0
                  10:	ret
                """)).isEmpty();
    }

    /** A slow path, moved behind the method, belongs to the loop; a way out to the interpreter does not, nor what stands behind it. */
    @Test
    void whatComesBackBelongsToTheLoop() {
        String listing = """
                   0:	nop
                   4:	vmulps zmm17,zmm1,zmm2
                   8:	jae    0x18
                   c:	ja     0x14
                  10:	jl     0x4
                  12:	ret
                  14:	call   0xffffffffffa2ccc0
                  18:	vmovups ZMMWORD PTR [rsp],zmm17
                  1c:	call   0xffffffffffa2a040
                  20:	jmp    0xc
                """;
        assertThat(VectorLoops.of(listing.lines().toList(), Set.of(0x14, 0x1c)))
                .containsExactly(new Loop(4, 1, 0, 0, 0, 0));
        assertThat(VectorLoops.of(listing.lines().toList(), Set.of(0x14))).containsExactly(new Loop(4, 2, 0, 1, 0, 1));
    }

    @Test
    void theLastVersionOfAMethodCounts() {
        String output = """
                Compiled method (c2) 90 12       4       dev.pg.kernels.Quads::copy (47 bytes)
                [MachCode]
                  0x00007fd82ff6ea20: 90
                [/MachCode]
                Compiled method (c1) 91 13       3       dev.pg.kernels.Quads::copy (47 bytes)
                [MachCode]
                  0x00007fd82ff6ea20: 9191
                [/MachCode]
                Compiled method (c2) 92 14   !   4       dev.pg.kernels.Quads::copy (47 bytes)
                [Constant Pool]
                  0x00007fd82ff6ea20:   0x00000000      0xf4f4f4f400000000
                [MachCode]
                  # {method} {0x00007f568c427158} 'copy' '(I[FI[FI[FII)V' in 'dev/pg/kernels/Quads'
                  0x00007fd82ff6ea40: 4d8b 4730 | c5f8
                  0x00007fd82ff6ea46: ;   {runtime_call UncommonTrapBlob}
                  0x00007fd82ff6ea46: 77e8 \s
                                      ;*goto {reexecute=1 rethrow=0 return_oop=0}
                                      ; - (reexecute) dev.pg.kernels.Gelu$Simd::apply@35 (line 157)
                                      ; - dev.pg.kernels.Quads::copy@5 (line 15)

                [/MachCode]
                Compiled method (c2) 93 15 %     4       dev.pg.kernels.Quads::copy @ 3 (47 bytes)
                [MachCode]
                  0x00007fd82ff6ea20: 93
                [/MachCode]
                """;
        assertThat(MachineCode.parse(output.lines())).singleElement().satisfies(code -> {
            assertThat(code.method()).isEqualTo("Quads::copy");
            assertThat(code.parts()).containsOnly("Quads::copy", "Gelu$Simd::apply");
            assertThat(code.code()).asHexString().isEqualTo("4D8B4730C5F877E8");
            assertThat(code.traps()).containsExactly(6);
        });
        assertThatThrownBy(
                        () -> MachineCode.parse(output.replace("ea46", "ea48").lines()))
                .hasMessageContaining("left out some of Quads::copy");
        assertThatThrownBy(() -> MachineCode.parse(
                        output.replaceAll("\\[/?MachCode]", "").lines()))
                .hasMessageContaining("hsdis");
    }

    private static List<Loop> loops(String listing) {
        return VectorLoops.of(listing.lines().toList(), Set.of());
    }
}
