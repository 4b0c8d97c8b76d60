import Foundation
import ProtocolBuffers

/// The messages of an event file, by the names and field numbers that TensorFlow gives them:
///
///     Event            1 wall_time (double)  2 step  3 file_version (text)  5 summary (Summary)  7 session_log (SessionLog)
///     SessionLog       1 status
///     Summary          1 value (Value, repeated)
///     Value            1 tag (text)  2 simple_value (float)  8 tensor (Tensor)  9 metadata (Metadata)
///     Metadata         1 plugin_data, in which 1 is plugin_name (text)
///     Tensor           1 dtype  2 tensor_shape (Shape)  8 string_val (text, repeated)
///     Shape            1 dim (repeated), in which 1 is size
enum Event {
  /// What a file begins with.
  static var version: [UInt8] { event(step: 0) { $0.add(3, "brain.Event:2") } }

  /// Says that what is known of this step and later ones is to be forgotten.
  static var start: [UInt8] { event(step: 0) { $0.add(7) { $0.add(1, whole: 1) } } }

  static func summary(
    step: Int, scalars: [(tag: String, value: Double)], texts: [(tag: String, text: String)]
  ) -> [UInt8] {
    event(step: step) { event in
      event.add(5) { summary in
        for scalar in scalars {
          summary.add(1) { value in
            value.add(1, scalar.tag)
            value.add(2, Float(scalar.value))
          }
        }
        for text in texts { summary.add(1) { add(text.text, tag: text.tag, to: &$0) } }
      }
    }
  }

  /// TensorBoard takes texts for Markdown: as a block of code it keeps its lines.
  private static func add(_ text: String, tag: String, to value: inout ProtobufMessage) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    value.add(1, tag)
    value.add(8) { tensor in
      // Strings.
      tensor.add(1, whole: 7)
      tensor.add(2) { shape in shape.add(2) { $0.add(1, whole: 1) } }
      tensor.add(8, lines.map { "    " + $0 }.joined(separator: "\n"))
    }
    value.add(9) { metadata in metadata.add(1) { $0.add(1, "text") } }
  }

  private static func event(step: Int, _ fill: (inout ProtobufMessage) -> Void) -> [UInt8] {
    var event = ProtobufMessage()
    event.add(1, Date().timeIntervalSince1970)
    event.add(2, whole: step)
    fill(&event)
    return event.bytes
  }

  /// An event's step; a message without one has step 0.
  static func step(of message: ArraySlice<UInt8>) -> Int { ProtobufMessage.whole(2, of: message) ?? 0 }
}
