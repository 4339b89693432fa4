// Numbers and names as the public MIBs assign them, in the notation of `NameNotation`.

extension BuiltInNames {
  /// HOST-RESOURCES-MIB, UPS-MIB, ENTITY-*, VRRP, DISMAN-*, POWER-ETHERNET, SNMP-COMMUNITY, NET-SNMP, UCD.
  static let equipment: StaticString = """
    @hrSystem 1.3.6.1.2.1.25.1
    hrSystemUptime 1
    hrSystemDate 2 time
    hrSystemInitialLoadDevice 3
    hrSystemInitialLoadParameters 4
    hrSystemNumUsers 5
    hrSystemProcesses 6
    hrSystemMaxProcesses 7
    @hrStorage 1.3.6.1.2.1.25.2
    hrMemorySize 2
    @hrStorageEntry 1.3.6.1.2.1.25.2.3.1
    hrStorageIndex 1
    hrStorageType 2
    hrStorageDescr 3
    hrStorageAllocationUnits 4
    hrStorageSize 5
    hrStorageUsed 6
    hrStorageAllocationFailures 7
    @hrDeviceEntry 1.3.6.1.2.1.25.3.2.1
    hrDeviceIndex 1
    hrDeviceType 2
    hrDeviceDescr 3
    hrDeviceID 4
    hrDeviceStatus 5 unknown=1 running=2 warning=3 testing=4 down=5
    hrDeviceErrors 6
    @hrProcessorEntry 1.3.6.1.2.1.25.3.3.1
    hrProcessorLoad 2
    @hrPrinterEntry 1.3.6.1.2.1.25.3.5.1
    hrPrinterStatus 1 other=1 unknown=2 idle=3 printing=4 warmup=5
    hrPrinterDetectedErrorState 2 bits
    @hrDiskStorageEntry 1.3.6.1.2.1.25.3.6.1
    hrDiskStorageMedia 2 other=1 unknown=2 hardDisk=3 floppyDisk=4 opticalDiskROM=5 opticalDiskWORM=6
    + opticalDiskRW=7 ramDisk=8
    @hrSWRunEntry 1.3.6.1.2.1.25.4.2.1
    hrSWRunIndex 1
    hrSWRunName 2
    hrSWRunID 3
    hrSWRunPath 4
    hrSWRunParameters 5
    hrSWRunType 6 unknown=1 operatingSystem=2 deviceDriver=3 application=4
    hrSWRunStatus 7 running=1 runnable=2 notRunnable=3 invalid=4
    @ifXEntry 1.3.6.1.2.1.31.1.1.1
    ifName 1
    ifInMulticastPkts 2
    ifInBroadcastPkts 3
    ifOutMulticastPkts 4
    ifOutBroadcastPkts 5
    ifHCInOctets 6
    ifHCInUcastPkts 7
    ifHCInMulticastPkts 8
    ifHCInBroadcastPkts 9
    ifHCOutOctets 10
    ifHCOutUcastPkts 11
    ifHCOutMulticastPkts 12
    ifHCOutBroadcastPkts 13
    ifLinkUpDownTrapEnable 14 %Dot1dStpPortEnable
    ifHighSpeed 15
    ifPromiscuousMode 16 %TruthValue
    ifConnectorPresent 17 %TruthValue
    ifAlias 18
    ifCounterDiscontinuityTime 19
    @upsIdent 1.3.6.1.2.1.33.1.1
    upsIdentManufacturer 1
    upsIdentModel 2
    upsIdentUPSSoftwareVersion 3
    upsIdentAgentSoftwareVersion 4
    upsIdentName 5
    upsIdentAttachedDevices 6
    @upsBattery 1.3.6.1.2.1.33.1.2
    upsBatteryStatus 1 unknown=1 batteryNormal=2 batteryLow=3 batteryDepleted=4
    upsSecondsOnBattery 2
    upsEstimatedMinutesRemaining 3
    upsEstimatedChargeRemaining 4
    upsBatteryVoltage 5
    upsBatteryCurrent 6
    upsBatteryTemperature 7
    @upsInput 1.3.6.1.2.1.33.1.3
    upsInputLineBads 1
    upsInputNumLines 2
    @upsInputEntry 1.3.6.1.2.1.33.1.3.3.1
    upsInputLineIndex 1
    upsInputFrequency 2
    upsInputVoltage 3
    upsInputCurrent 4
    upsInputTruePower 5
    @upsOutput 1.3.6.1.2.1.33.1.4
    upsOutputSource 1 other=1 none=2 normal=3 bypass=4 battery=5 booster=6 reducer=7
    upsOutputFrequency 2
    upsOutputNumLines 3
    @upsOutputEntry 1.3.6.1.2.1.33.1.4.4.1
    upsOutputLineIndex 1
    upsOutputVoltage 2
    upsOutputCurrent 3
    upsOutputPower 4
    upsOutputPercentLoad 5
    @upsAlarm 1.3.6.1.2.1.33.1.6
    upsAlarmsPresent 1
    @upsAlarmEntry 1.3.6.1.2.1.33.1.6.2.1
    upsAlarmId 1
    upsAlarmDescr 2
    upsAlarmTime 3
    @upsTest 1.3.6.1.2.1.33.1.7
    upsTestId 1
    upsTestSpinLock 2
    upsTestResultsSummary 3 donePass=1 doneWarning=2 doneError=3 aborted=4 inProgress=5 noTestsInitiated=6
    upsTestResultsDetail 4
    upsTestStartTime 5
    upsTestElapsedTime 6
    @upsConfig 1.3.6.1.2.1.33.1.9
    upsConfigInputVoltage 1
    upsConfigInputFreq 2
    upsConfigOutputVoltage 3
    upsConfigOutputFreq 4
    upsConfigOutputVA 5
    upsConfigOutputPower 6
    upsConfigLowBattTime 7
    upsConfigAudibleStatus 8 disabled=1 enabled=2 muted=3
    upsConfigLowVoltageTransferPoint 9
    upsConfigHighVoltageTransferPoint 10
    @upsTraps 1.3.6.1.2.1.33.2
    upsTrapOnBattery 1 trap
    upsTrapTestCompleted 2 trap
    upsTrapAlarmEntryAdded 3 trap
    upsTrapAlarmEntryRemoved 4 trap
    @entPhysicalEntry 1.3.6.1.2.1.47.1.1.1.1
    entPhysicalIndex 1
    entPhysicalDescr 2
    entPhysicalVendorType 3
    entPhysicalContainedIn 4
    entPhysicalClass 5 other=1 unknown=2 chassis=3 backplane=4 container=5 powerSupply=6 fan=7 sensor=8
    + module=9 port=10 stack=11 cpu=12 energyObject=13 battery=14 storageDrive=15
    entPhysicalParentRelPos 6
    entPhysicalName 7
    entPhysicalHardwareRev 8
    entPhysicalFirmwareRev 9
    entPhysicalSoftwareRev 10
    entPhysicalSerialNum 11
    entPhysicalMfgName 12
    entPhysicalModelName 13
    entPhysicalAlias 14
    entPhysicalAssetID 15
    entPhysicalIsFRU 16 %TruthValue
    entPhysicalMfgDate 17 time
    entPhysicalUris 18
    entPhysicalUUID 19 hex
    @entityGeneral 1.3.6.1.2.1.47.1.4
    entLastChangeTime 1
    @entityMIBTrapPrefix 1.3.6.1.2.1.47.2.0
    entConfigChange 1 trap
    @smRunEntry 1.3.6.1.2.1.64.1.4.2.1
    smRunEndTime 4 time
    smRunExitCode 7 noError=1 halted=2 lifeTimeExceeded=3 noResourcesLeft=4 languageError=5 runtimeError=6
    + invalidArgument=7 securityViolation=8 genericError=9
    smRunResult 8
    smRunError 11
    @smTraps 1.3.6.1.2.1.64.2.0
    smScriptAbort 1 trap
    smScriptResult 2 trap
    smScriptException 3 trap
    @vrrpNotifications 1.3.6.1.2.1.68.0
    vrrpTrapNewMaster 1 trap
    vrrpTrapAuthFailure 2 trap
    vrrpTrapProtoError 3 trap
    @vrrpOperEntry 1.3.6.1.2.1.68.1.3.1
    vrrpOperVrId 1
    vrrpOperVirtualMacAddr 2 mac
    vrrpOperState 3 initialize=1 backup=2 master=3
    vrrpOperAdminState 4 up=1 down=2
    vrrpOperPriority 5
    vrrpOperIpAddrCount 6
    vrrpOperMasterIpAddr 7
    vrrpOperPrimaryIpAddr 8
    vrrpOperAuthType 9 noAuthentication=1 simpleTextPassword=2 ipAuthenticationHeader=3
    vrrpOperAuthKey 10
    vrrpOperAdvertisementInterval 11
    vrrpOperPreemptMode 12 %TruthValue
    vrrpOperVirtualRouterUpTime 13
    vrrpOperProtocol 14 ip=1 bridge=2 decnet=3 other=4
    vrrpOperRowStatus 15 %RowStatus
    @vrrpOperations 1.3.6.1.2.1.68.1
    vrrpTrapPacketSrc 5
    vrrpTrapAuthErrorType 6 invalidAuthType=1 authTypeMismatch=2 authFailure=3
    @vrrpOperationsEntry 1.3.6.1.2.1.68.1.7.1
    vrrpOperationsMasterIpAddr 7 address
    @vrrpOperations 1.3.6.1.2.1.68.1
    vrrpNewMasterReason 9 notmaster=0 priority=1 preempted=2 masterNoResponse=3
    vrrpTrapProtoErrReason 10 hopLimitError=0 versionError=1 checksumError=2 vridError=3
    @docsDevNmAccessEntry 1.3.6.1.2.1.69.1.2.1
    docsDevNmAccessCommunity 4
    @pingNotifications 1.3.6.1.2.1.80.0
    pingProbeFailed 1 trap
    pingTestFailed 2 trap
    pingTestCompleted 3 trap
    @pingCtlEntry 1.3.6.1.2.1.80.1.2.1
    pingCtlTargetAddressType 3 family %InetAddressType
    pingCtlTargetAddress 4 address
    @pingResultsEntry 1.3.6.1.2.1.80.1.3.1
    pingResultsOperStatus 1 %PingResultsOperStatus
    pingResultsIpTargetAddressType 2 family %InetAddressType
    pingResultsIpTargetAddress 3 address
    pingResultsMinRtt 4
    pingResultsMaxRtt 5
    pingResultsAverageRtt 6
    pingResultsProbeResponses 7
    pingResultsSentProbes 8
    pingResultsRttSumOfSquares 9
    pingResultsLastGoodProbe 10 time
    @traceRouteNotifications 1.3.6.1.2.1.81.0
    traceRoutePathChange 1 trap
    traceRouteTestFailed 2 trap
    traceRouteTestCompleted 3 trap
    @traceRouteCtlEntry 1.3.6.1.2.1.81.1.2.1
    traceRouteCtlTargetAddressType 3 family %InetAddressType
    traceRouteCtlTargetAddress 4 address
    @traceRouteResultsEntry 1.3.6.1.2.1.81.1.3.1
    traceRouteResultsOperStatus 1 %PingResultsOperStatus
    traceRouteResultsCurHopCount 2
    traceRouteResultsCurProbeCount 3
    traceRouteResultsIpTgtAddrType 4 family %InetAddressType
    traceRouteResultsIpTgtAddr 5 address
    traceRouteResultsTestAttempts 6
    traceRouteResultsTestSuccesses 7
    traceRouteResultsLastGoodPath 8 time
    @mteTriggerEntry 1.3.6.1.2.1.88.1.2.2.1
    mteTriggerName 2
    mteTriggerComment 3
    mteTriggerEnabled 14 %TruthValue
    @dismanEventMIBNotifications 1.3.6.1.2.1.88.2.0
    mteTriggerFired 1 trap
    mteTriggerRising 2 trap
    mteTriggerFalling 3 trap
    mteTriggerFailure 4 trap
    mteEventSetFailure 5 trap
    @dismanEventMIBNotificationObjects 1.3.6.1.2.1.88.2.1
    mteHotTrigger 1
    mteHotTargetName 2
    mteHotContextName 3
    mteHotOID 4
    mteHotValue 5
    mteFailedReason 6 sampleOverrun=-6 badType=-5 noResponse=-4 destinationUnreachable=-3 badDestination=-2
    + localResourceLack=-1 noError=0 tooBig=1 noSuchName=2 badValue=3 readOnly=4 genErr=5 noAccess=6
    + wrongType=7 wrongLength=8 wrongEncoding=9 wrongValue=10 noCreation=11 inconsistentValue=12
    + resourceUnavailable=13 commitFailed=14 undoFailed=15 authorizationError=16 notWritable=17
    + inconsistentName=18
    @nlmLogEntry 1.3.6.1.2.1.92.1.3.1.1
    nlmLogIndex 1
    nlmLogTime 2
    nlmLogDateAndTime 3 time
    nlmLogEngineID 4 hex
    nlmLogEngineTAddress 5 hex
    nlmLogEngineTDomain 6
    nlmLogContextEngineID 7 hex
    nlmLogContextName 8
    nlmLogNotificationID 9
    @entPhySensorEntry 1.3.6.1.2.1.99.1.1.1
    entPhySensorType 1 other=1 unknown=2 voltsAC=3 voltsDC=4 amperes=5 watts=6 hertz=7 celsius=8 percentRH=9
    + rpm=10 cmm=11 truthvalue=12
    entPhySensorScale 2 yocto=1 zepto=2 atto=3 femto=4 pico=5 nano=6 micro=7 milli=8 units=9 kilo=10 mega=11
    + giga=12 tera=13 exa=14 peta=15 zetta=16 yotta=17
    entPhySensorPrecision 3
    entPhySensorValue 4
    entPhySensorOperStatus 5 ok=1 unavailable=2 nonoperational=3
    entPhySensorUnitsDisplay 6
    entPhySensorValueTimeStamp 7
    entPhySensorValueUpdateRate 8
    @pethNotifications 1.3.6.1.2.1.105.0
    pethPsePortOnOffNotification 1 trap
    pethMainPowerUsageOnNotification 2 trap
    pethMainPowerUsageOffNotification 3 trap
    @pethPsePortEntry 1.3.6.1.2.1.105.1.1.1
    pethPsePortGroupIndex 1
    pethPsePortIndex 2
    pethPsePortAdminEnable 3 %TruthValue
    pethPsePortPowerPairsControlAbility 4 %TruthValue
    pethPsePortPowerPairs 5 signal=1 spare=2
    pethPsePortDetectionStatus 6 disabled=1 searching=2 deliveringPower=3 fault=4 test=5 otherFault=6
    pethPsePortPowerPriority 7 critical=1 high=2 low=3
    pethPsePortMPSAbsentCounter 8
    pethPsePortType 9
    pethPsePortPowerClassifications 10 class0=1 class1=2 class2=3 class3=4 class4=5
    pethPsePortInvalidSignatureCounter 11
    pethPsePortPowerDeniedCounter 12
    pethPsePortOverLoadCounter 13
    pethPsePortShortCounter 14
    @pethMainPseEntry 1.3.6.1.2.1.105.1.3.1.1
    pethMainPseGroupIndex 1
    pethMainPsePower 2
    pethMainPseOperStatus 3 on=1 off=2 faulty=3
    pethMainPseConsumptionPower 4
    pethMainPseUsageThreshold 5
    @entStateNotifications 1.3.6.1.2.1.131.0
    entStateOperEnabled 1 trap
    entStateOperDisabled 2 trap
    @entStateEntry 1.3.6.1.2.1.131.1.1.1
    entStateLastChanged 1 time
    entStateAdmin 2 unknown=1 locked=2 shuttingDown=3 unlocked=4
    entStateOper 3 unknown=1 disabled=2 enabled=3 testing=4
    entStateUsage 4 unknown=1 idle=2 active=3 busy=4
    entStateAlarm 5 bits unknown=0 underRepair=1 critical=2 major=3 minor=4 warning=5 indeterminate=6
    entStateStandby 6 unknown=1 hotStandby=2 coldStandby=3 providingService=4
    @dot3OamNotifications 1.3.6.1.2.1.158.0
    dot3OamThresholdEvent 1 trap
    dot3OamNonThresholdEvent 2 trap
    @dot3OamEventLogEntry 1.3.6.1.2.1.158.1.6.1
    dot3OamEventLogTimestamp 2
    dot3OamEventLogOui 3 hex
    dot3OamEventLogType 4
    dot3OamEventLogLocation 5 local=1 remote=2
    dot3OamEventLogWindowHi 6
    dot3OamEventLogWindowLo 7
    dot3OamEventLogThresholdHi 8
    dot3OamEventLogThresholdLo 9
    dot3OamEventLogValue 10
    dot3OamEventLogRunningTotal 11
    dot3OamEventLogEventTotal 12
    @vrrpv3Notifications 1.3.6.1.2.1.207.0
    vrrpv3NewMaster 1 trap
    vrrpv3ProtoError 2 trap
    @vrrpv3OperationsEntry 1.3.6.1.2.1.207.1.1.1.1
    vrrpv3OperationsMasterIpAddr 3 address
    @vrrpv3StatisticsEntry 1.3.6.1.2.1.207.1.2.5.1
    vrrpv3StatisticsNewMasterReason 2 notMaster=0 priority=1 preempted=2 masterNoResponse=3
    vrrpv3StatisticsProtoErrReason 6 noError=0 ipTtlError=1 versionError=2 checksumError=3 vrIdError=4
    @prEntry 1.3.6.1.4.1.2021.2.1
    prIndex 1
    prNames 2
    prMin 3
    prMax 4
    prCount 5
    prErrorFlag 100 %UCDErrorFlag
    prErrMessage 101
    prErrFix 102 %UCDErrorFix
    prErrFixCmd 103
    @memory 1.3.6.1.4.1.2021.4
    memIndex 1
    memErrorName 2
    memTotalSwap 3
    memAvailSwap 4
    memTotalReal 5
    memAvailReal 6
    memTotalSwapTXT 7
    memAvailSwapTXT 8
    memTotalRealTXT 9
    memAvailRealTXT 10
    memTotalFree 11
    memMinimumSwap 12
    memShared 13
    memBuffer 14
    memCached 15
    memUsedSwapTXT 16
    memUsedRealTXT 17
    memSwapError 100 %UCDErrorFlag
    memSwapErrorMsg 101
    @extEntry 1.3.6.1.4.1.2021.8.1
    extIndex 1
    extNames 2
    extCommand 3
    extResult 100
    extOutput 101
    extErrFix 102 %UCDErrorFix
    extErrFixCmd 103
    @dskEntry 1.3.6.1.4.1.2021.9.1
    dskIndex 1
    dskPath 2
    dskDevice 3
    dskMinimum 4
    dskMinPercent 5
    dskTotal 6
    dskAvail 7
    dskUsed 8
    dskPercent 9
    dskPercentNode 10
    dskTotalLow 11
    dskTotalHigh 12
    dskAvailLow 13
    dskAvailHigh 14
    dskUsedLow 15
    dskUsedHigh 16
    dskErrorFlag 100 %UCDErrorFlag
    dskErrorMsg 101
    @laEntry 1.3.6.1.4.1.2021.10.1
    laIndex 1
    laNames 2
    laLoad 3
    laConfig 4
    laLoadInt 5
    laLoadFloat 6
    laErrorFlag 100 %UCDErrorFlag
    laErrMessage 101
    @systemStats 1.3.6.1.4.1.2021.11
    ssIndex 1
    ssErrorName 2
    ssSwapIn 3
    ssSwapOut 4
    ssIOSent 5
    ssIOReceive 6
    ssSysInterrupts 7
    ssSysContext 8
    ssCpuUser 9
    ssCpuSystem 10
    ssCpuIdle 11
    ssCpuRawUser 50
    ssCpuRawNice 51
    ssCpuRawSystem 52
    ssCpuRawIdle 53
    ssCpuRawWait 54
    ssCpuRawKernel 55
    ssCpuRawInterrupt 56
    ssIORawSent 57
    ssIORawReceived 58
    ssRawInterrupts 59
    ssRawContexts 60
    ssCpuRawSoftIRQ 61
    ssRawSwapIn 62
    ssRawSwapOut 63
    ssCpuRawSteal 64
    ssCpuRawGuest 65
    ssCpuRawGuestNice 66
    ssCpuNumCpus 67
    @fileEntry 1.3.6.1.4.1.2021.15.1
    fileIndex 1
    fileName 2
    fileSize 3
    fileMax 4
    fileErrorFlag 100 %UCDErrorFlag
    fileErrorMsg 101
    @logMatchEntry 1.3.6.1.4.1.2021.16.2.1
    logMatchIndex 1
    logMatchName 2
    logMatchFilename 3
    logMatchRegEx 4
    logMatchGlobalCounter 5
    logMatchGlobalCount 6
    logMatchCurrentCounter 7
    logMatchCurrentCount 8
    logMatchCounter 9
    logMatchCount 10
    logMatchCycle 11
    logMatchErrorFlag 100 %UCDErrorFlag
    logMatchRegExCompilation 101
    @version 1.3.6.1.4.1.2021.100
    versionIndex 1
    versionTag 2
    versionDate 3
    versionCDate 4
    versionIdent 5
    versionConfigureOptions 6
    versionClearCache 10
    versionUpdateConfig 11
    versionRestartAgent 12
    versionSavePersistentData 13
    versionDoDebugging 20
    @ucdTraps 1.3.6.1.4.1.2021.251
    ucdStart 1 trap
    ucdShutdown 2 trap
    @netSnmpNotifications 1.3.6.1.4.1.8072.4.0
    nsNotifyStart 1 trap
    nsNotifyShutdown 2 trap
    nsNotifyRestart 3 trap
    @snmpTrap 1.3.6.1.6.3.1.1.4
    snmpTrapOID 1
    snmpTrapEnterprise 3
    @snmpTraps 1.3.6.1.6.3.1.1.5
    coldStart 1 trap
    warmStart 2 trap
    linkDown 3 trap
    linkUp 4 trap
    authenticationFailure 5 trap
    egpNeighborLoss 6 trap
    @snmpCommunityEntry 1.3.6.1.6.3.18.1.1.1
    snmpCommunityName 2
    @snmpCommunityMIBObjects 1.3.6.1.6.3.18.1
    snmpTrapAddress 3
    snmpTrapCommunity 4
    """
}
