package import EkkoClient
internal import EkkoTransport

extension ClusterAccess {
  /// Runs `body` with a client of the cluster, and closes it.
  ///
  /// - Parameter doing: what is tried, for the message if it fails.
  package func withClient<Value: Sendable>(
    doing what: String, _ body: (EkkoClient) async throws(EkkoError) -> Value
  ) async throws(Failure) -> Value {
    do throws(EkkoError) {
      let client = try await EkkoClient.connect(
        to: self.join.map(\.description), secretFile: self.secretFile, timeout: self.timeout)
      let result: Result<Value, EkkoError>
      do throws(EkkoError) { result = .success(try await body(client)) } catch {
        result = .failure(error)
      }
      await client.close()
      return try result.get()
    } catch {
      throw Failure(error, doing: what)
    }
  }
}
