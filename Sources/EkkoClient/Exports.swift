// What a program needs beside the client (`TableSchema`, `Optimiser`, `Durability`, versions) comes
// with it: an embedder imports one module.
@_exported public import EkkoCore
@_exported public import EkkoReplication
@_exported public import EkkoStorage
