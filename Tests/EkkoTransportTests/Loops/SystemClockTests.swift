import EkkoCore
import EkkoTransport
import Testing

@Suite(.timeLimit(.minutes(5))) struct SystemClockTests {
  @Test func `a deadline ends what is late and lets pass what is not`() async {
    let clock = SystemClock()
    #expect(await withDeadline(.seconds(3600), clock: clock) { 7 } == 7)
    let late = await withDeadline(.milliseconds(1), clock: clock) {
      let never = Wakeup()
      await never.wait()
      return Task.isCancelled
    }
    #expect(late == nil)
  }
}
