#if MPI
  import CMPI
  import Diagnostics
  import Glibc

  /// A process of an MPI job. What goes wrong within MPI ends the job, and MPI says what it was.
  final class MPICommunicator: Communicator, @unchecked Sendable {
    // Unchecked: one thread calls MPI.

    let rank: Int
    let count: Int
    /// How many words are sent to and received from each rank, and where they begin, as MPI wants it.
    private var sentCounts: [Int32] = []
    private var sentOffsets: [Int32] = []
    private var receivedCounts: [Int32] = []
    private var receivedOffsets: [Int32] = []

    /// Joins the job that this process was started in; only once in a process.
    init() {
      cmpi_init()
      rank = Int(cmpi_rank())
      count = Int(cmpi_size())
    }

    /// Whether the program is built with Open MPI, and not with MPICH or one of those that are made of it.
    static var isOpenMPI: Bool { cmpi_is_open_mpi() }

    /// The MPI that runs, in its own words.
    static var library: String {
      // Open MPI's goes on with who has built it, MPICH's with how.
      String(String(cString: cmpi_library()).prefix { $0 != "," && $0 != "\n" }.map { $0 == "\t" ? " " : $0 })
    }

    func exchange(
      _ sent: UnsafeRawPointer, _ outgoing: [Range<Int>], _ received: UnsafeMutableRawPointer, _ incoming: [Range<Int>]
    ) {
      put(outgoing, &sentCounts, &sentOffsets)
      put(incoming, &receivedCounts, &receivedOffsets)
      cmpi_exchange(sent, sentCounts, sentOffsets, received, receivedCounts, receivedOffsets)
    }

    private func put(_ parts: [Range<Int>], _ counts: inout [Int32], _ offsets: inout [Int32]) {
      counts.removeAll(keepingCapacity: true)
      offsets.removeAll(keepingCapacity: true)
      for part in parts {
        guard let count = Int32(exactly: part.count), let offset = Int32(exactly: part.lowerBound) else {
          let text: StaticString = "rnn-train: MPI counts in 32 bits, and there are more than 2^31 numbers to be sent\n"
          _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
          return abort(code: ExitCode.noResources.rawValue)
        }
        counts.append(count)
        offsets.append(offset)
      }
    }

    func finish() {
      // MPICH 4.0 over UCX gets on with its connections only while both ends are in a call: without a tenth of a second for that,
      // processes of three hosts didn't get out of `MPI_Finalize`.
      for _ in 0..<20 {
        cmpi_meet()
        usleep(5000)
      }
      cmpi_finalize()
    }

    func abort(code: Int32) { cmpi_abort(code) }
  }
#endif
