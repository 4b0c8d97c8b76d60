import ArgumentParser

@main
struct RnnTrain: ParsableCommand {
}
