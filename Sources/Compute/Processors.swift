import CThreads

/// The processors that this process may run on.
package enum Processors {
  /// How many its affinity mask names, when the first workers are made.
  package static let allowed = max(1, Int(cthreads_processor_count()))
}
