// swift-tools-version: 6.2
import PackageDescription

/// Every target is held to the same strictness: language mode 6 and no warnings.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]
let strictC: [CSetting] = [.treatAllWarnings(as: .error)]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], resources: [Resource] = []
) -> Target {
  .testTarget(name: name, dependencies: dependencies, exclude: exclude, resources: resources, swiftSettings: strict)
}

/// What `--version` calls the revision, for builds that are told: RNN_TRAIN_REVISION=$(git rev-parse --short HEAD). Manifests
/// are cached, so one that asked git itself would go on naming the revision of the first build.
let revision: [CSetting] =
  Context.environment["RNN_TRAIN_REVISION"].map { [.define("CREVISION", to: "\"\($0)\"")] } ?? []

let package = Package(
  name: "rnn-train",
  products: [
    .executable(name: "rnn-train", targets: ["rnn-train"]),
    .library(name: "RecurrentModels", targets: ["RecurrentModels"]),
  ],
  traits: [.trait(name: "MPI", description: "Training by several processes, which mpirun or srun starts")],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
  ],
  targets: [
    // Nothing below imports anything above it.
    .target(name: "CKernels", cSettings: strictC),
    .target(name: "CThreads", cSettings: strictC),
    .target(name: "CFiles", cSettings: strictC),
    .target(name: "CMemory", cSettings: strictC),
    .target(name: "CRevision", cSettings: strictC + revision),
    .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CLZMA", pkgConfig: "liblzma", providers: [.apt(["liblzma-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    library("Diagnostics"),
    .systemLibrary(name: "MPIHeaders", pkgConfig: "mpi", providers: [.apt(["libopenmpi-dev"])]),
    .target(
      name: "CMPI", dependencies: [.target(name: "MPIHeaders", condition: .when(traits: ["MPI"]))],
      cSettings: strictC + [.define("WITH_MPI", .when(traits: ["MPI"]))]),
    library("Collectives", ["Diagnostics", .target(name: "CMPI", condition: .when(traits: ["MPI"]))]),
    library("ProtocolBuffers"),
    library("Keys"),
    library("Compute", ["CKernels", "CThreads", "Diagnostics"]),
    library("Files", ["CCrypto", "CFiles", "Diagnostics"]),
    library("HDF5", ["CHDF5", "Files", "Diagnostics"]),
    library("Compression", ["CZlib", "CLZMA", "CZstd"]),
    library("Datasets", ["Compression", "Files", "Keys", "Diagnostics"]),
    library("DatasetFiles", ["Datasets", "HDF5", "Files", "Diagnostics"]),
    library("GrammarCorpus", ["Diagnostics"]),
    .target(
      name: "Plots", resources: [.embedInCode("plot.css"), .embedInCode("plot-dark.css")], swiftSettings: strict),
    library("Models", ["Collectives", "Compute", "Keys", "Diagnostics"]),
    .target(name: "COptimizers", dependencies: ["CKernels"], path: "Sources/Optimizers/Loops", cSettings: strictC),
    .target(
      name: "Optimizers", dependencies: ["COptimizers", "CKernels", "Models", "Compute", "Keys", "Collectives"],
      exclude: ["Loops"],
      swiftSettings: strict),
    library("Inference", ["Models", "Compute", "Datasets", "Diagnostics", "Collectives"]),
    library(
      "Exports",
      ["Inference", "Models", "Compute", "Datasets", "ProtocolBuffers", "Files", "Keys", "Diagnostics"]),
    // What other packages may use: neither HDF5 nor YAML nor training below it.
    library("RecurrentModels", ["Exports", "Inference", "Datasets", "Compute", "Files"]),
    library("Presentation", ["Plots"]),
    library(
      "Configuration",
      [
        "Inference", "Models", "Optimizers", "Compute", "Datasets", "Presentation", "Keys", "Diagnostics",
        "Collectives",
      ]),
    .target(
      name: "Tasks",
      dependencies: [
        "Configuration", "Inference", "Models", "Compute", "Datasets", "Plots", "Presentation", "Keys", "Collectives",
      ],
      resources: [.embedInCode("LanguageModel/language-model.cfg"), .embedInCode("Tagging/tagging.cfg")],
      swiftSettings: strict),
    library("ConfigurationFiles", ["Tasks", "Configuration", "Keys", "Diagnostics", "Yams"]),
    library("TensorBoard", ["ProtocolBuffers", "Files"]),
    library(
      "Training",
      [
        "Keys", "Inference", "Models", "Optimizers", "Compute", "Datasets", "DatasetFiles", "Configuration",
        "ConfigurationFiles", "HDF5", "TensorBoard", "Files", "Diagnostics", "Collectives",
      ]),
    library(
      "Sweeps",
      ["Training", "Compute", "Configuration", "ConfigurationFiles", "Files", "Diagnostics", "Collectives"]),
    .executableTarget(
      name: "rnn-train",
      dependencies: [
        "Sweeps", "Training", "Tasks", "Exports", "Inference", "Models", "Optimizers", "Compute", "Datasets",
        "DatasetFiles", "Configuration", "ConfigurationFiles", "Keys", "HDF5", "Files", "Plots", "Presentation",
        "Diagnostics", "Collectives", "CThreads", "CMemory", "CRevision",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Mustache", package: "swift-mustache"),
      ],
      // In the program itself, which can be copied anywhere.
      resources: [
        "page.mustache", "body.mustache", "figure.mustache", "table.mustache", "code.mustache", "report.css",
        "table.js",
        "reading.js",
      ].map {
        .embedInCode("Report/Page/Templates/\($0)")
      },
      swiftSettings: strict),

    // For maintainers: write the corpora that the project ships.
    .executableTarget(
      name: "english-corpus",
      dependencies: ["GrammarCorpus", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      swiftSettings: strict),
    .executableTarget(
      name: "memory-corpus",
      dependencies: ["GrammarCorpus", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      swiftSettings: strict),

    // For Tests/Exports/check.py: the logits of an exported model, by the library that reads it.
    .executableTarget(
      name: "model-logits", dependencies: ["Exports", "Inference", "Models", "Compute", "Datasets", "Files"],
      path: "Tests/Exports/Logits", swiftSettings: strict),

    // What the tests of models and of training share: the double-precision reference, random minibatches.
    .target(
      name: "ModelTestSupport", dependencies: ["Collectives", "Models", "Compute"], path: "Tests/ModelTestSupport",
      swiftSettings: strict),

    // Counts the references that a thread counts.
    .target(name: "RetainCounter", path: "Tests/RetainCounter", cSettings: strictC),

    // What the tests of kernels and of optimizers share: floats between sentinels, equality to the bit.
    .target(
      name: "ComputeTestSupport", dependencies: ["Compute"], path: "Tests/ComputeTestSupport", swiftSettings: strict),

    tests("ComputeTests", ["Compute", "ComputeTestSupport"], exclude: ["cross", "fit_polynomials.py"]),
    tests("CollectivesTests", ["Collectives"]),
    tests("FilesTests", ["Files"]),
    tests("HDF5Tests", ["HDF5"], exclude: ["Hostile"]),
    tests("ConfigurationTests", ["ConfigurationFiles", "Tasks", "Datasets"]),
    tests(
      "DatasetsTests", ["DatasetFiles", "Datasets", "Compression", "HDF5"], exclude: ["Golden/make_tokenizers.py"],
      resources: [.copy("Golden/tokenizers.json")]),
    tests("GrammarCorpusTests", ["GrammarCorpus", "english-corpus"]),
    tests("PlotsTests", ["Plots"]),
    tests("PresentationTests", ["Presentation"]),
    tests("ModelsTests", ["Models", "ModelTestSupport", "Collectives"]),
    tests(
      "InferenceTests", ["Inference", "ModelTestSupport", "Models", "Compute", "Datasets"],
      exclude: ["Golden/make_golden.py"], resources: [.copy("Golden/next.json")]),
    tests("ExportsTests", ["Exports", "ModelTestSupport"]),
    tests("RecurrentModelsTests", ["RecurrentModels", "Exports", "Inference", "Models", "Compute", "Datasets"]),
    tests("OptimizersTests", ["Optimizers", "COptimizers", "ComputeTestSupport"]),
    tests(
      "TrainingTests", ["Training", "Tasks", "ModelTestSupport", "Collectives", "HDF5", "RetainCounter"],
      resources: [.copy("Golden")]),
    tests("SweepsTests", ["Sweeps", "ConfigurationFiles", "Collectives"]),
    tests(
      "CommandTests", ["rnn-train", "Training", "Presentation", "Compute", "CHDF5"],
      resources: [.copy("Golden")]),
  ],
  swiftLanguageModes: [.v6]
)

// Fuzz targets have libFuzzer's main function, so nothing but Tests/Fuzz/run.sh can build them.
if Context.environment["RNN_TRAIN_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "Fuzz", dependencies: ["ConfigurationFiles", "Datasets", "HDF5", "Files"], path: "Tests/Fuzz",
      exclude: ["run.sh"],
      swiftSettings: strict))
}
