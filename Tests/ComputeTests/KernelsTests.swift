import Compute
import Diagnostics
import Testing

@Suite struct KernelsTests {
  @Test func thePortableTableIsThereAndLast() {
    #expect(Kernels.available.last?.name == "scalar")
    #expect(Set(Kernels.available.map(\.name)).count == Kernels.available.count)
  }

  @Test func kernelsAreFoundByName() throws {
    for kernels in Kernels.available { #expect(try Kernels.named(kernels.name).name == kernels.name) }
    #expect(try Kernels.named(nil).name == Kernels.available[0].name)
    #expect(try Kernels.named("").name == Kernels.available[0].name)
  }

  @Test func unknownNamesAreReported() {
    let error = #expect(throws: KernelError.self) { try Kernels.named("avx1024") }
    let available = Kernels.available.map(\.name).joined(separator: ", ")
    #expect(
      error?.description
        == "RNN_TRAIN_ISA=avx1024: this machine has no such instruction set; it has \(available)")
    #expect(error?.exitCode == .usage)
  }
}
