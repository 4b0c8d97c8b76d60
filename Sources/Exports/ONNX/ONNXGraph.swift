import ProtocolBuffers

/// A graph of ONNX's operators, put together node by node, and the file that it makes. The messages by the names and field
/// numbers of onnx.proto:
///
///     ModelProto       1 ir_version  2 producer_name  7 graph  8 opset_import, in which 2 is version
///                      14 metadata_props, in which 1 is key and 2 is value
///     GraphProto       1 node  2 name  5 initializer  11 input  12 output
///     NodeProto        1 input  2 output  4 op_type  5 attribute
///     AttributeProto   1 name  3 i  4 s  8 ints  9 strings  20 type
///     TensorProto      1 dims  2 data_type  8 name  9 raw_data
///     ValueInfoProto   1 name  2 type, in which 1 is tensor_type  3 doc_string
///     Tensor           1 elem_type  2 shape, in which 1 is dim, in which 1 is dim_value and 2 is dim_param
///
/// Values are known by their names; those that nobody asks for by name are numbered.
struct ONNXGraph {
  /// Of the format, and of the set of operators: those of 2022, which every runtime since then has.
  static let irVersion = 8
  static let operatorSet = 17

  /// What an element is, by the numbers of TensorProto.DataType.
  enum Element: Int {
    case float = 1
    case int32 = 6
    case int64 = 7
  }

  /// A dimension of an input or output.
  enum Dimension {
    case fixed(Int)
    /// Any size, the same wherever this name stands.
    case free(String)
  }

  enum Attribute {
    case int(Int)
    case ints([Int])
    case text(String)
    case texts([String])
  }

  private struct Tensor {
    let head: [UInt8]
    let content: [FilePart]
  }

  private var nodes: [[UInt8]] = []
  private var inputs: [[UInt8]] = []
  private var outputs: [[UInt8]] = []
  private var tensors: [Tensor] = []
  private var names: Set<String> = []
  private var count = 0
  /// What the inputs and outputs are, for people: a line each.
  private(set) var interface = ""

  // MARK: inputs and outputs

  mutating func addInput(_ name: String, _ element: Element, _ shape: [Dimension], _ help: String) -> String {
    inputs.append(describe(name, element, shape, help))
    return name
  }

  mutating func addOutput(_ name: String, _ shape: [Dimension], _ help: String) {
    outputs.append(describe(name, .float, shape, help))
  }

  private mutating func describe(_ name: String, _ element: Element, _ shape: [Dimension], _ help: String) -> [UInt8] {
    let sizes = shape.map { dimension in
      switch dimension {
      case .fixed(let size): "\(size)"
      case .free(let name): name
      }
    }
    interface += "\(name) \(element) [\(sizes.joined(separator: ", "))]: \(help)\n"
    var value = ProtobufMessage()
    value.add(1, name)
    value.add(2) { type in
      type.add(1) { tensor in
        tensor.add(1, whole: element.rawValue)
        tensor.add(2) { message in
          for dimension in shape {
            message.add(1) { message in
              switch dimension {
              case .fixed(let size): message.add(1, whole: size)
              case .free(let name): message.add(2, name)
              }
            }
          }
        }
      }
    }
    value.add(3, help)
    return value.bytes
  }

  // MARK: nodes

  /// Adds a node with one output.
  ///
  /// - Parameters:
  ///   - inputs: names; empty for those that the operator does without.
  ///   - output: what to call the value; nil: it gets a number.
  /// - Returns: the output's name.
  mutating func add(
    _ operation: String, _ inputs: [String], _ attributes: [(String, Attribute)] = [], output: String? = nil
  ) -> String {
    let name = output ?? newName(operation)
    add(operation, inputs, attributes, outputs: [name])
    return name
  }

  /// Adds a node with several outputs, whose names are given.
  mutating func add(
    _ operation: String, _ inputs: [String], _ attributes: [(String, Attribute)] = [], outputs: [String]
  ) {
    var node = ProtobufMessage()
    for input in inputs { node.add(1, input) }
    for output in outputs { node.add(2, output) }
    node.add(4, operation)
    for (name, attribute) in attributes { node.add(5) { Self.fill(&$0, name, attribute) } }
    nodes.append(node.bytes)
  }

  /// A name that no other value has.
  mutating func newName(_ stem: String) -> String {
    count += 1
    return "\(stem)_\(count)"
  }

  private static func fill(_ message: inout ProtobufMessage, _ name: String, _ attribute: Attribute) {
    message.add(1, name)
    // The type stands last, by the numbers of AttributeType.
    switch attribute {
    case .int(let value):
      message.add(3, whole: value)
      message.add(20, whole: 2)
    case .text(let text):
      message.add(4, text)
      message.add(20, whole: 3)
    case .ints(let values):
      for value in values { message.add(8, whole: value) }
      message.add(20, whole: 7)
    case .texts(let texts):
      for text in texts { message.add(9, text) }
      message.add(20, whole: 8)
    }
  }

  // MARK: constants

  /// Adds weights: rows one behind the other. A name that is there already stands for the same weights.
  mutating func addWeights(_ name: String, shape: [Int], _ rows: [WeightRows]) -> String {
    addTensor(name, .float, shape: shape, rows.map { .weights($0) })
  }

  /// Adds a list of whole numbers.
  mutating func addNumbers(_ numbers: [Int]) -> String {
    let bytes = numbers.flatMap { withUnsafeBytes(of: Int64($0).littleEndian) { Array($0) } }
    return addTensor(newName("numbers"), .int64, shape: [numbers.count], [.bytes(bytes)])
  }

  private mutating func addTensor(
    _ name: String, _ element: Element, shape: [Int], _ content: [FilePart]
  ) -> String {
    guard names.insert(name).inserted else { return name }
    var head = ProtobufMessage()
    for size in shape { head.add(1, whole: size) }
    head.add(2, whole: element.rawValue)
    head.add(8, name)
    head.addHead(9, byteCount: content.reduce(0) { $0 + $1.byteCount })
    tensors.append(Tensor(head: head.bytes, content: content))
    return name
  }

  // MARK: the file

  /// A ModelProto. Its weights are parts of their own; what they stand in has lengths only.
  func parts(metadata: [(name: String, text: String)]) -> [FilePart] {
    var begin = ProtobufMessage()
    for node in nodes { begin.add(1, delimited: node) }
    begin.add(2, "rnn-train")
    var end = ProtobufMessage()
    for input in inputs { end.add(11, delimited: input) }
    for output in outputs { end.add(12, delimited: output) }
    var graph: [FilePart] = [.bytes(begin.bytes)]
    for tensor in tensors {
      var key = ProtobufMessage()
      key.addHead(5, byteCount: tensor.head.count + tensor.content.reduce(0) { $0 + $1.byteCount })
      graph += [.bytes(key.bytes + tensor.head)] + tensor.content
    }
    graph.append(.bytes(end.bytes))

    var model = ProtobufMessage()
    model.add(1, whole: Self.irVersion)
    model.add(2, "rnn-train")
    model.add(8) { $0.add(2, whole: Self.operatorSet) }
    for (name, text) in metadata {
      model.add(14) { entry in
        entry.add(1, name)
        entry.add(2, text)
      }
    }
    model.addHead(7, byteCount: graph.reduce(0) { $0 + $1.byteCount })
    return [.bytes(model.bytes)] + graph
  }
}
