import EkkoCore
