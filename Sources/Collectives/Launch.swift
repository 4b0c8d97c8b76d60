import Diagnostics
import Glibc

/// How this process was started: alone, or as one of several by `mpirun` or `srun`.
package struct Launch: Sendable, Equatable {
  /// Processes that a launcher says it has started; 1 where it says nothing.
  package let count: Int
  /// This one's number among them.
  package let rank: Int
  /// Whether `srun` has started them without what Open MPI finds the others by.
  package let lacksPMIx: Bool

  /// What the environment of this process says.
  package static let current = Launch { name in getenv(name).map { String(cString: $0) } }

  /// What launchers set: Open MPI's, MPICH's, Slurm's, in which others may have been started.
  private static let variables = [
    (count: "OMPI_COMM_WORLD_SIZE", rank: "OMPI_COMM_WORLD_RANK"), (count: "PMI_SIZE", rank: "PMI_RANK"),
    (count: "SLURM_STEP_NUM_TASKS", rank: "SLURM_PROCID"),
  ]

  /// - Parameter environment: the value of a variable.
  package init(_ environment: (String) -> String?) {
    for (count, rank) in Self.variables {
      guard let count = environment(count).flatMap({ Int($0) }), let rank = environment(rank).flatMap({ Int($0) }),
        count > 0, (0..<count).contains(rank)
      else { continue }
      (self.count, self.rank) = (count, rank)
      lacksPMIx =
        environment("SLURM_PROCID") != nil && environment("OMPI_COMM_WORLD_SIZE") == nil
        && environment("PMIX_RANK") == nil
      return
    }
    (count, rank, lacksPMIx) = (1, 0, false)
  }

  /// Joins the others, if there are any; only once in a process.
  ///
  /// - Throws: `LaunchError` where MPI can't find the others: each process would believe that it is alone, and write into the
  ///   same run.
  package func join() throws(LaunchError) -> any Communicator {
    guard count > 1 else { return Alone() }
    #if MPI
      // Open MPI would end the process with many words of its own.
      if MPICommunicator.isOpenMPI, lacksPMIx {
        throw .otherMPI(processes: count, found: 1, library: MPICommunicator.library)
      }
      let communicator = MPICommunicator()
      guard communicator.count == count else {
        throw .otherMPI(processes: count, found: communicator.count, library: MPICommunicator.library)
      }
      return communicator
    #else
      throw .withoutMPI(processes: count)
    #endif
  }
}

/// What Slurm's `srun --mpi` starts processes by, which has to fit the MPI that the program is built with.
package enum SlurmPlugin: String, Sendable {
  case pmix, pmi2

  /// Open MPI asks for PMIx, MPICH for PMI-2; nil: this program is built without MPI.
  package static var current: SlurmPlugin? {
    #if MPI
      MPICommunicator.isOpenMPI ? .pmix : .pmi2
    #else
      nil
    #endif
  }
}

/// What keeps several processes from training together.
package enum LaunchError: DiagnosedError, Equatable {
  case withoutMPI(processes: Int)
  case otherMPI(processes: Int, found: Int, library: String)
  case tooManyRanks(Int, shards: Int)
  /// Something of a rank is another than rank 0's.
  case differs(rank: Int, what: String)

  package var exitCode: ExitCode {
    switch self {
    case .differs: .badInput
    default: .usage
    }
  }

  package var description: String {
    switch self {
    case .withoutMPI(let processes):
      "a launcher has started \(processes) processes, and this program was built without MPI: each would train alone; "
        + "build it by `swift build -c release --traits MPI`"
    case .otherMPI(let processes, let found, let library):
      "a launcher has started \(processes) processes, and MPI (\(library)) finds \(found): they would train apart; use the "
        + "mpirun that belongs to this MPI, or under Slurm `srun --mpi=pmix` for Open MPI and `srun --mpi=pmi2` for MPICH"
    case .tooManyRanks(let ranks, let shards):
      "\(ranks) processes can't share out a minibatch of \(counted(shards, "shard")): start at most \(shards), or begin a run "
        + "with training.shards=\(ranks) or more"
    case .differs(let rank, let what):
      "the process of rank \(rank) has another \(what) than that of rank 0: all have to run one program on the same files"
    }
  }
}
