import Files
import Models

/// A file that `torch.load` reads, with `weights_only=True` too: a dictionary with the `state_dict` of a module as the
/// documentation has it, and `metadata`, the texts of `ModelMetadata`.
///
/// It is a zip archive that nothing in is compressed of: `data.pkl`, a pickle that says which tensors there are, and
/// for each tensor its elements, little-endian, at a multiple of 64 bytes.
///
/// PyTorch's modules have two biases for each direction and a weight of the output layer, always. So there are zeros where
/// the model has no second bias, and tied embeddings are one storage under both names.
package struct PyTorchArchive: ModelFormat {
  package init() {}

  package var name: String { "pytorch" }
  package var fileEnding: String { "pt" }

  package func recognizes(_ start: [UInt8]) -> Bool { start.starts(with: ZipArchive.signature) }

  package func parts(of model: ExportedModel) throws -> [FilePart] {
    var tensors: [Tensor] = []
    var storages: [WeightRows] = []
    func add(_ name: String, _ shape: [Int], _ rows: WeightRows) {
      tensors.append(Tensor(name: name, shape: shape, storage: storages.count))
      storages.append(rows)
    }
    for parameter in model.layout.parameters {
      add(parameter.name, parameter.shape, WeightRows(of: parameter, in: model.model.parameters))
      if model.shape.tiesEmbeddings, parameter.handle == model.layout.embedding {
        tensors.append(Tensor(name: "decoder.weight", shape: parameter.shape, storage: 0))
      }
    }
    let directions = model.layout.layers.joined() + (model.layout.characters?.directions ?? [])
    for direction in directions where direction.recurrentBias == nil {
      let bias = model.layout[direction.bias]
      add(bias.name.replacing("bias_ih", with: "bias_hh"), bias.shape, .zeros(count: bias.shape[0], width: 1))
    }
    try require(storages.reduce(0) { $0 + $1.elementCount } * MemoryLayout<Float>.stride)
    var archive = ZipArchive(folder: "model")
    archive.add("data.pkl", [.bytes(Self.pickle(tensors, try ModelMetadata.entries(of: model)))], alignment: 1)
    archive.add("byteorder", [.bytes(Array("little".utf8))], alignment: 1)
    for (index, storage) in storages.enumerated() {
      archive.add("data/\(index)", [.weights(storage)], alignment: 64)
    }
    archive.add("version", [.bytes(Array("3\n".utf8))], alignment: 1)
    try require(archive.byteCount)
    return archive.parts
  }

  /// - Throws: `ExportError.unsayable` for more bytes than an archive can have.
  private func require(_ bytes: Int) throws(ExportError) {
    guard bytes <= ZipArchive.largest else {
      throw .unsayable(format: name, what: "\(bytes) bytes; a zip archive has at most \(ZipArchive.largest)")
    }
  }

  fileprivate struct Tensor {
    let name: String
    let shape: [Int]
    /// The number of the file that has its elements.
    let storage: Int
  }

  // MARK: the pickle

  private static func pickle(_ tensors: [Tensor], _ metadata: [(name: String, text: String)]) -> [UInt8] {
    var pickle = Pickle()
    pickle.addDictionary { pickle in
      pickle.add("state_dict")
      pickle.addDictionary { pickle in
        for tensor in tensors {
          pickle.add(tensor.name)
          pickle.add(tensor)
        }
      }
      pickle.add("metadata")
      pickle.addDictionary { pickle in
        for (name, text) in metadata {
          pickle.add(name)
          pickle.add(text)
        }
      }
    }
    return pickle.finished
  }
}

extension Pickle {
  /// As PyTorch pickles one: a call of `_rebuild_tensor_v2` with the storage, which stands elsewhere, the offset in it, the
  /// shape, the strides, and what only training needs.
  fileprivate mutating func add(_ tensor: PyTorchArchive.Tensor) {
    let strides = tensor.shape.indices.map { tensor.shape[($0 + 1)...].reduce(1, *) }
    addCall("torch._utils", "_rebuild_tensor_v2") { pickle in
      pickle.addReference { pickle in
        pickle.add("storage")
        pickle.addGlobal("torch", "FloatStorage")
        pickle.add("\(tensor.storage)")
        pickle.add("cpu")
        pickle.add(tensor.shape.reduce(1, *))
      }
      pickle.add(0)
      for sizes in [tensor.shape, strides] { pickle.addTuple { pickle in for size in sizes { pickle.add(size) } } }
      pickle.addFalse()
      pickle.addCall("collections", "OrderedDict") { _ in }
    }
  }
}
