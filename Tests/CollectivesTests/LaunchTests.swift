import Collectives
import Testing

/// What launchers say of the processes that they start.
@Suite struct LaunchTests {
  private static func launch(_ environment: [String: String]) -> [Int] {
    let launch = Launch { environment[$0] }
    return [launch.rank, launch.count]
  }

  @Test func eachLauncherIsUnderstood() {
    #expect(Self.launch([:]) == [0, 1])
    #expect(Self.launch(["OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "3"]) == [3, 4])
    #expect(Self.launch(["PMI_SIZE": "2", "PMI_RANK": "1"]) == [1, 2])
    #expect(Self.launch(["SLURM_STEP_NUM_TASKS": "8", "SLURM_PROCID": "7"]) == [7, 8])
    // Open MPI's daemons are started by Slurm, one on each machine.
    let both = [
      "OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "3", "SLURM_STEP_NUM_TASKS": "2", "SLURM_PROCID": "1",
    ]
    #expect(Self.launch(both) == [3, 4])
  }

  @Test func whatSrunLacksIsSeen() {
    var environment = ["SLURM_STEP_NUM_TASKS": "8", "SLURM_PROCID": "7"]
    func lacksPMIx() -> Bool { Launch { environment[$0] }.lacksPMIx }
    #expect(lacksPMIx())
    environment["PMI_SIZE"] = "8"
    environment["PMI_RANK"] = "7"
    #expect(lacksPMIx(), "MPICH's")
    environment["PMIX_RANK"] = "7"
    #expect(!lacksPMIx())
    environment = ["SLURM_PROCID": "0", "OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "3"]
    #expect(!lacksPMIx(), "an mpirun within a job")
    environment = ["PMI_SIZE": "2", "PMI_RANK": "1"]
    #expect(!lacksPMIx())
  }

  @Test(arguments: [
    ["OMPI_COMM_WORLD_SIZE": "4"], ["PMI_SIZE": "2", "PMI_RANK": "2"], ["PMI_SIZE": "x", "PMI_RANK": "0"],
    ["PMI_SIZE": "0", "PMI_RANK": "0"], ["SLURM_STEP_NUM_TASKS": "99999999999999999999", "SLURM_PROCID": "1"],
  ])
  func whatMakesNoSenseIsNoLauncher(environment: [String: String]) {
    #expect(Self.launch(environment) == [0, 1])
  }

  @Test(arguments: [nil, 0, 1, -1, 1 << 40, Int.max, Int.min])
  func numbersGoThroughWords(number: Int?) {
    #expect(NumberWords.number(of: NumberWords.words(of: number)) == number)
    #expect(Alone().first(number) == number)
  }
}
