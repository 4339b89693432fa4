// Numbers and names as the public MIBs assign them, in the notation of `NameNotation`.

extension BuiltInNames {
  /// Cisco, first part: shared words, then in the order of the numbers.
  static let cisco: StaticString = """
    %AuthAlgo none=1 hmacMd5=2 hmacSha=3
    %CbgpPeerPrevState none=0 idle=1 connect=2 active=3 opensent=4 openconfirm=5 established=6
    %CiscoEnvMonState normal=1 warning=2 critical=3 shutdown=4 notPresent=5 notFunctioning=6
    %CiscoNetworkProtocol ip=1 decnet=2 pup=3 chaos=4 xns=5 x121=6 appletalk=7 clns=8 lat=9 vines=10 cons=11
    + apollo=12 stun=13 novell=14 qllc=15 snapshot=16 atmIlmi=17 bstun=18 x25pvc=19 ipv6=20 cdm=21 nbf=22
    + bpxIgx=23 clnsPfx=24 http=25 unknown=65535
    %CompAlgo none=1 ldf=2
    %CospfShamLinkState down=1 pointToPoint=4
    %DiffHellmanGrp none=1 dhGroup1=2 dhGroup2=3
    %EncryptAlgo none=1 des=2 des3=3
    %HistoryEventMedium erase=1 commandSource=2 running=3 startup=4 local=5 networkTftp=6 networkRcp=7
    + networkFtp=8 networkScp=9
    %IkePeerType ipAddrPeer=1 namePeer=2
    %InetAddressType unknown=0 ipv4=1 ipv6=2 ipv4z=3 ipv6z=4 dns=16
    %ManagementDomainPruningStateOper enabled=1 disabled=2
    %RFState notKnown=1 disabled=2 initialization=3 negotiation=4 standbyCold=5 standbyColdConfig=6
    + standbyColdFileSys=7 standbyColdBulk=8 standbyHot=9 activeFast=10 activeDrain=11 activePreconfig=12
    + activePostconfig=13 active=14 activeExtraload=15 activeHandback=16
    %RowStatus active=1 notInService=2 notReady=3 createAndGo=4 createAndWait=5 destroy=6
    %StpxInconsistentState typeInconsistent=0 pvidInconsistent=1
    %TruthValue true=1 false=2
    %TunnelStatus active=1 destroy=2
    @fddimibPORTEntry 1.3.6.1.2.1.10.15.73.5.2.1
    fddimibPORTSMTIndex 1
    fddimibPORTIndex 2
    @ringStationEntry 1.3.6.1.2.1.16.10.2.1
    ringStationMacAddress 2 mac
    @pimInterfaceEntry 1.3.6.1.3.61.1.1.2.1
    pimInterfaceStatus 7 %RowStatus
    @pimRPSetEntry 1.3.6.1.3.61.1.1.6.1
    pimRPSetHoldTime 4
    @- 1.3.6.1.4.1.9.0
    reload 0 trap
    tcpConnectionClose 1 trap
    @lcpu 1.3.6.1.4.1.9.2.1
    whyReload 2
    avgBusy1 57
    avgBusy5 58
    @lifEntry 1.3.6.1.4.1.9.2.2.1.1
    locIfReason 20
    @ltcpConnEntry 1.3.6.1.4.1.9.2.6.1.1
    loctcpConnInBytes 1
    loctcpConnOutBytes 2
    loctcpConnElapsed 5
    @ltsLineEntry 1.3.6.1.4.1.9.2.9.2.1
    tsLineUser 18
    @ltsLineSessionEntry 1.3.6.1.4.1.9.2.9.3.1
    tslineSesType 1 unknown=1 pad=2 stream=3 rlogin=4 telnet=5 tcp=6 lat=7 mop=8 slip=9 xremote=10 rshell=11
    @ciscoStackNotificationsPrefix 1.3.6.1.4.1.9.5.0
    lerAlarmOn 1 trap
    lerAlarmOff 2 trap
    moduleUp 3 trap
    moduleDown 4 trap
    chassisAlarmOn 5 trap
    chassisAlarmOff 6 trap
    ipPermitDeniedTrap 7 trap
    sysConfigChangeTrap 9 trap
    tokenRingSoftErrExceededTrap 10 trap
    @systemGrp 1.3.6.1.4.1.9.5.1.1
    sysConfigChangeTime 28
    sysConfigChangeInfo 34
    @chassisGrp 1.3.6.1.4.1.9.5.1.2
    chassisMinorAlarm 11 off=1 on=2
    chassisMajorAlarm 12 off=1 on=2
    chassisTempAlarm 13 off=1 on=2 critical=3
    @moduleEntry 1.3.6.1.4.1.9.5.1.3.1.1
    moduleIndex 1
    moduleType 2
    @ipPermitDeniedListEntry 1.3.6.1.4.1.9.5.1.17.3.1
    ipPermitDeniedAddress 1
    ipPermitDeniedAccess 2 telnet=1 snmp=2 ssh=3 http=4
    @ciscoFlashDeviceEntry 1.3.6.1.4.1.9.9.10.1.1.2.1
    ciscoFlashDeviceMinPartitionSize 3
    ciscoFlashDeviceName 7
    ciscoFlashDeviceNameExtended 15
    ciscoFlashDeviceMinPartitionSizeExtended 17
    @ciscoFlashPartitionEntry 1.3.6.1.4.1.9.9.10.1.1.4.1.1
    ciscoFlashPartitionName 10
    ciscoFlashPartitionFreeSpaceExtended 14
    ciscoFlashPartitionLowSpaceNotifThreshold 15
    @ciscoFlashCopyEntry 1.3.6.1.4.1.9.9.10.1.2.1.1
    ciscoFlashCopyStatus 8 copyOperationPending=0 copyInProgress=1 copyOperationSuccess=2
    + copyInvalidOperation=3 copyInvalidProtocol=4 copyInvalidSourceName=5 copyInvalidDestName=6
    + copyInvalidServerAddress=7 copyDeviceBusy=8 copyDeviceOpenError=9 copyDeviceError=10
    + copyDeviceNotProgrammable=11 copyDeviceFull=12 copyFileOpenError=13 copyFileTransferError=14
    + copyFileChecksumError=15 copyNoMemory=16 copyUnknownFailure=17 copyInvalidSignature=18
    + copyProhibited=19
    @ciscoFlashPartitioningEntry 1.3.6.1.4.1.9.9.10.1.2.2.1
    ciscoFlashPartitioningStatus 6 partitioningInProgress=1 partitioningOperationSuccess=2
    + partitioningInvalidOperation=3 partitioningInvalidDestName=4 partitioningInvalidPartitionCount=5
    + partitioningInvalidPartitionSizes=6 partitioningDeviceBusy=7 partitioningDeviceOpenError=8
    + partitioningDeviceError=9 partitioningNoMemory=10 partitioningUnknownFailure=11
    @ciscoFlashMiscOpEntry 1.3.6.1.4.1.9.9.10.1.2.3.1
    ciscoFlashMiscOpStatus 4 miscOpInProgress=1 miscOpOperationSuccess=2 miscOpInvalidOperation=3
    + miscOpInvalidDestName=4 miscOpDeviceBusy=5 miscOpDeviceOpenError=6 miscOpDeviceError=7
    + miscOpDeviceNotProgrammable=8 miscOpFileOpenError=9 miscOpFileDeleteFailure=10
    + miscOpFileUndeleteFailure=11 miscOpFileChecksumError=12 miscOpNoMemory=13 miscOpUnknownFailure=14
    + miscOpSqueezeFailure=18 miscOpNoSuchFile=19 miscOpFormatFailure=20
    @ciscoFlashMIBTraps 1.3.6.1.4.1.9.9.10.1.3.0
    ciscoFlashCopyCompletionTrap 1 trap
    ciscoFlashPartitioningCompletionTrap 2 trap
    ciscoFlashMiscOpCompletionTrap 3 trap
    ciscoFlashDeviceChangeTrap 4 trap
    ciscoFlashDeviceInsertedNotif 5 trap
    ciscoFlashDeviceRemovedNotif 6 trap
    ciscoFlashDeviceInsertedNotifRev1 7 trap
    ciscoFlashDeviceRemovedNotifRev1 8 trap
    ciscoFlashPartitionLowSpaceNotif 9 trap
    ciscoFlashPartitionLowSpaceRecoveryNotif 10 trap
    ciscoFlashDeviceChangeExtTrap 11 trap
    ciscoFlashDeviceInsertedExtNotif 12 trap
    ciscoFlashDeviceRemovedExtNotif 13 trap
    @ciscoEnvMonVoltageStatusEntry 1.3.6.1.4.1.9.9.13.1.2.1
    ciscoEnvMonVoltageStatusIndex 1
    ciscoEnvMonVoltageStatusDescr 2
    ciscoEnvMonVoltageStatusValue 3
    ciscoEnvMonVoltageThresholdLow 4
    ciscoEnvMonVoltageThresholdHigh 5
    ciscoEnvMonVoltageLastShutdown 6
    ciscoEnvMonVoltageState 7 %CiscoEnvMonState
    @ciscoEnvMonTemperatureStatusEntry 1.3.6.1.4.1.9.9.13.1.3.1
    ciscoEnvMonTemperatureStatusIndex 1
    ciscoEnvMonTemperatureStatusDescr 2
    ciscoEnvMonTemperatureStatusValue 3
    ciscoEnvMonTemperatureThreshold 4
    ciscoEnvMonTemperatureLastShutdown 5
    ciscoEnvMonTemperatureState 6 %CiscoEnvMonState
    ciscoEnvMonTemperatureStatusValueRev1 7
    @ciscoEnvMonFanStatusEntry 1.3.6.1.4.1.9.9.13.1.4.1
    ciscoEnvMonFanStatusIndex 1
    ciscoEnvMonFanStatusDescr 2
    ciscoEnvMonFanState 3 %CiscoEnvMonState
    @ciscoEnvMonSupplyStatusEntry 1.3.6.1.4.1.9.9.13.1.5.1
    ciscoEnvMonSupplyStatusIndex 1
    ciscoEnvMonSupplyStatusDescr 2
    ciscoEnvMonSupplyState 3 %CiscoEnvMonState
    ciscoEnvMonSupplySource 4 unknown=1 ac=2 dc=3 externalPowerSupply=4 internalRedundant=5
    @ciscoEnvMonMIBNotifications 1.3.6.1.4.1.9.9.13.3.0
    ciscoEnvMonShutdownNotification 1 trap
    ciscoEnvMonVoltageNotification 2 trap
    ciscoEnvMonTemperatureNotification 3 trap
    ciscoEnvMonFanNotification 4 trap
    ciscoEnvMonRedundantSupplyNotification 5 trap
    ciscoEnvMonVoltStatusChangeNotif 6 trap
    ciscoEnvMonTempStatusChangeNotif 7 trap
    ciscoEnvMonFanStatusChangeNotif 8 trap
    ciscoEnvMonSuppStatusChangeNotif 9 trap
    @cdpCacheEntry 1.3.6.1.4.1.9.9.23.1.2.1.1
    cdpCacheIfIndex 1
    cdpCacheDeviceIndex 2
    cdpCacheAddressType 3 %CiscoNetworkProtocol
    cdpCacheAddress 4 address
    cdpCacheVersion 5
    cdpCacheDeviceId 6
    cdpCacheDevicePort 7
    cdpCachePlatform 8
    cdpCacheCapabilities 9
    cdpCacheVTPMgmtDomain 10
    cdpCacheNativeVLAN 11
    cdpCacheDuplex 12 unknown=1 halfduplex=2 fullduplex=3
    cdpCacheApplianceID 13
    cdpCacheVlanID 14
    cdpCachePowerConsumption 15
    cdpCacheMTU 16
    cdpCacheSysName 17
    cdpCacheSysObjectID 18
    cdpCachePrimaryMgmtAddrType 19 %CiscoNetworkProtocol
    cdpCachePrimaryMgmtAddr 20 address
    cdpCacheSecondaryMgmtAddrType 21 %CiscoNetworkProtocol
    cdpCacheSecondaryMgmtAddr 22 address
    cdpCachePhysLocation 23
    cdpCacheLastChange 24
    @clogHistoryEntry 1.3.6.1.4.1.9.9.41.1.2.3.1
    clogHistIndex 1
    clogHistFacility 2
    clogHistSeverity 3 emergency=1 alert=2 critical=3 error=4 warning=5 notice=6 info=7 debug=8
    clogHistMsgName 4
    clogHistMsgText 5
    clogHistTimestamp 6
    @ciscoSyslogMIBNotifications 1.3.6.1.4.1.9.9.41.2.0
    clogMessageGenerated 1 trap
    @rttMonCtrlAdminEntry 1.3.6.1.4.1.9.9.42.1.2.1.1
    rttMonCtrlAdminTag 3
    rttMonCtrlAdminLongTag 12
    @rttMonEchoAdminEntry 1.3.6.1.4.1.9.9.42.1.2.2.1
    rttMonEchoAdminLSPSelector 33 address
    @rttMonCtrlOperEntry 1.3.6.1.4.1.9.9.42.1.2.9.1
    rttMonCtrlOperConnectionLostOccurred 5 %TruthValue
    rttMonCtrlOperTimeoutOccurred 6 %TruthValue
    rttMonCtrlOperOverThresholdOccurred 7 %TruthValue
    rttMonCtrlOperVerifyErrorOccurred 11 %TruthValue
    @rttMplsVpnMonCtrlEntry 1.3.6.1.4.1.9.9.42.1.2.15.1
    rttMplsVpnMonCtrlTag 4
    @rttMonReactEntry 1.3.6.1.4.1.9.9.42.1.2.19.1
    rttMonReactVar 2
    rttMonReactThresholdRising 5
    rttMonReactThresholdFalling 6
    rttMonReactValue 9
    rttMonReactOccurred 10 %TruthValue
    @rttMonLpdGrpStatsEntry 1.3.6.1.4.1.9.9.42.1.3.7.1
    rttMonLpdGrpStatsTargetPE 3 address
    rttMonLpdGrpStatsLPDFailOccurred 13 %TruthValue
    rttMonLpdGrpStatsLPDFailCause 14 unknown=1 noPath=2 allPathsBroken=3 allPathsUnexplorable=4
    + allPathsBrokenOrUnexplorable=5 timeout=6 error=7
    rttMonLpdGrpStatsGroupStatus 16 unknown=1 up=2 partial=3 down=4
    @rttMonHistoryCollectionEntry 1.3.6.1.4.1.9.9.42.1.4.1.1
    rttMonHistoryCollectionAddress 5 address
    @rttMonNotifications 1.3.6.1.4.1.9.9.42.2.0
    rttMonConnectionChangeNotification 1 trap
    rttMonTimeoutNotification 2 trap
    rttMonThresholdNotification 3 trap
    rttMonVerifyErrorNotification 4 trap
    rttMonNotification 5 trap
    rttMonLpdDiscoveryNotification 6 trap
    rttMonLpdGrpStatusNotification 7 trap
    rttMonNotificationV2 8 trap
    @ccmHistory 1.3.6.1.4.1.9.9.43.1.1
    ccmHistoryRunningLastChanged 1
    @ccmHistoryEventEntry 1.3.6.1.4.1.9.9.43.1.1.6.1
    ccmHistoryEventIndex 1
    ccmHistoryEventTime 2
    ccmHistoryEventCommandSource 3 commandLine=1 snmp=2
    ccmHistoryEventConfigSource 4 %HistoryEventMedium
    ccmHistoryEventConfigDestination 5 %HistoryEventMedium
    ccmHistoryEventTerminalType 6 notApplicable=1 unknown=2 console=3 terminal=4 virtual=5 auxiliary=6
    ccmHistoryEventTerminalNumber 7
    ccmHistoryEventTerminalUser 8
    ccmHistoryEventTerminalLocation 9
    ccmHistoryEventCommandSourceAddress 10
    ccmHistoryEventVirtualHostName 11
    ccmHistoryEventServerAddress 12
    ccmHistoryEventFile 13
    ccmHistoryEventRcpUser 14
    ccmHistoryCLICmdEntriesBumped 15
    ccmHistoryEventCommandSourceAddrType 16 family %InetAddressType
    ccmHistoryEventCommandSourceAddrRev1 17 address
    ccmHistoryEventServerAddrType 18 family %InetAddressType
    ccmHistoryEventServerAddrRev1 19 address
    @ciscoConfigManMIBNotifications 1.3.6.1.4.1.9.9.43.2.0
    ciscoConfigManEvent 1 trap
    ccmCLIRunningConfigChanged 2 trap
    ccmCTIDRolledOver 3 trap
    @vtpStatus 1.3.6.1.4.1.9.9.46.1.1
    vtpMaxVlanStorage 2
    @managementDomainEntry 1.3.6.1.4.1.9.9.46.1.2.1.1
    managementDomainLocalMode 3 client=1 server=2 transparent=3 off=4
    managementDomainConfigRevNumber 4
    managementDomainVersionInUse 11 version1=1 version2=2 none=3 version3=4
    managementDomainPruningStateOper 12 %ManagementDomainPruningStateOper
    @vtpVlanEntry 1.3.6.1.4.1.9.9.46.1.3.1.1
    vtpVlanIndex 1
    vtpVlanState 2 operational=1 suspended=2 mtuTooBigForDevice=3 mtuTooBigForTrunk=4
    vtpVlanName 4
    vtpVlanRingNumber 7
    @vlanTrunkPortEntry 1.3.6.1.4.1.9.9.46.1.6.1.1
    vlanTrunkPortManagementDomain 2
    vlanTrunkPortDynamicStatus 14 trunking=1 notTrunking=2
    @vtpAuthEntry 1.3.6.1.4.1.9.9.46.1.9.1.1
    vtpAuthPassword 1
    @vtpNotificationsPrefix 1.3.6.1.4.1.9.9.46.2.0
    vtpConfigRevNumberError 1 trap
    vtpConfigDigestError 2 trap
    vtpServerDisabled 3 trap
    vtpMtuTooBig 4 trap
    vtpVersionOneDeviceDetected 6 trap
    vlanTrunkPortDynamicStatusChange 7 trap
    vtpLocalModeChanged 8 trap
    vtpVersionInUseChanged 9 trap
    vtpVlanCreated 10 trap
    vtpVlanDeleted 11 trap
    vtpVlanRingNumberConflict 12 trap
    vtpPruningStateOperChange 13 trap
    @vtpNotificationsObjects 1.3.6.1.4.1.9.9.46.2.1
    vtpVlanPortLocalSegment 1
    @ciscoMemoryPoolEntry 1.3.6.1.4.1.9.9.48.1.1.1
    ciscoMemoryPoolType 1
    ciscoMemoryPoolName 2
    ciscoMemoryPoolAlternate 3
    ciscoMemoryPoolValid 4 %TruthValue
    ciscoMemoryPoolUsed 5
    ciscoMemoryPoolFree 6
    ciscoMemoryPoolLargestFree 7
    ciscoMemoryPoolLowMemoryNotifThreshold 8
    @ciscoMemoryPoolMIBNotificationPrefix 1.3.6.1.4.1.9.9.48.2.0
    ciscoMemoryPoolLowMemoryNotif 1 trap
    ciscoMemoryPoolLowMemoryRecoveryNotif 2 trap
    @vmVmpsEntry 1.3.6.1.4.1.9.9.68.1.1.7.1
    vmVmpsIpAddress 1
    @vmNotificationsPrefix 1.3.6.1.4.1.9.9.68.2.0
    vmVmpsChange 1 trap
    @stpxInconsistencyEntry 1.3.6.1.4.1.9.9.82.1.3.1.1
    stpxInconsistentState 3 bits %StpxInconsistentState
    @stpxMstInconsistencyEntry 1.3.6.1.4.1.9.9.82.1.3.2.1
    stpxMstInconsistencyState 3 bits %StpxInconsistentState
    @stpxRootInconsistencyEntry 1.3.6.1.4.1.9.9.82.1.5.2.1
    stpxRootInconsistencyState 3 %TruthValue
    @stpxSpanningTreeObjects 1.3.6.1.4.1.9.9.82.1.6
    stpxSpanningTreeType 1 pvstPlus=1 mistp=2 mistpPvstPlus=3 mst=4 rapidPvstPlus=5
    @stpxLoopInconsistencyEntry 1.3.6.1.4.1.9.9.82.1.8.2.1
    stpxLoopInconsistencyState 3 %TruthValue
    @stpxNotificationsPrefix 1.3.6.1.4.1.9.9.82.2.0
    stpxInconsistencyUpdate 1 trap
    stpxRootInconsistencyUpdate 2 trap
    stpxLoopInconsistencyUpdate 3 trap
    stpxMstInconsistencyUpdate 4 trap
    @entSensorValueEntry 1.3.6.1.4.1.9.9.91.1.1.1.1
    entSensorType 1 other=1 unknown=2 voltsAC=3 voltsDC=4 amperes=5 watts=6 hertz=7 celsius=8 percentRH=9
    + rpm=10 cmm=11 truthvalue=12 specialEnum=13
    entSensorScale 2 yocto=1 zepto=2 atto=3 femto=4 pico=5 nano=6 micro=7 milli=8 units=9 kilo=10 mega=11
    + giga=12 tera=13 exa=14 peta=15 zetta=16 yotta=17
    entSensorPrecision 3
    entSensorValue 4
    entSensorStatus 5 ok=1 unavailable=2 nonoperational=3
    entSensorValueTimeStamp 6
    entSensorValueUpdateRate 7
    entSensorMeasuredEntity 8
    @entSensorThresholdEntry 1.3.6.1.4.1.9.9.91.1.2.1.1
    entSensorThresholdIndex 1
    entSensorThresholdSeverity 2 other=1 minor=10 major=20 critical=30
    entSensorThresholdRelation 3 lessThan=1 lessOrEqual=2 greaterThan=3 greaterOrEqual=4 equalTo=5
    + notEqualTo=6
    entSensorThresholdValue 4
    entSensorThresholdEvaluation 5 %TruthValue
    entSensorThresholdNotificationEnable 6 %TruthValue
    @entitySensorMIBNotifications 1.3.6.1.4.1.9.9.91.2.0
    entSensorThresholdNotification 1 trap
    @ccCopyEntry 1.3.6.1.4.1.9.9.96.1.1.1.1
    ccCopyUserPassword 8
    @cHsrpGrpEntry 1.3.6.1.4.1.9.9.106.1.2.1.1
    cHsrpGrpNumber 1
    cHsrpGrpAuth 2
    cHsrpGrpPriority 3
    cHsrpGrpPreempt 4 %TruthValue
    cHsrpGrpPreemptDelay 5
    cHsrpGrpUseConfiguredTimers 6 %TruthValue
    cHsrpGrpConfiguredHelloTime 7
    cHsrpGrpConfiguredHoldTime 8
    cHsrpGrpLearnedHelloTime 9
    cHsrpGrpLearnedHoldTime 10
    cHsrpGrpVirtualIpAddr 11
    cHsrpGrpUseConfigVirtualIpAddr 12 %TruthValue
    cHsrpGrpActiveRouter 13
    cHsrpGrpStandbyRouter 14
    cHsrpGrpStandbyState 15 initial=1 learn=2 listen=3 speak=4 standby=5 active=6
    cHsrpGrpVirtualMacAddr 16 mac
    cHsrpGrpEntryRowStatus 17 %RowStatus
    cHsrpGrpIpNone 18 %TruthValue
    @cHsrpMIBNotifications 1.3.6.1.4.1.9.9.106.2.0
    cHsrpStateChange 1 trap
    @cpmCPUTotalEntry 1.3.6.1.4.1.9.9.109.1.1.1.1
    cpmCPUTotalIndex 1
    cpmCPUTotalPhysicalIndex 2
    cpmCPUTotal5sec 3
    cpmCPUTotal1min 4
    cpmCPUTotal5min 5
    cpmCPUTotal5secRev 6
    cpmCPUTotal1minRev 7
    cpmCPUTotal5minRev 8
    cpmCPUMonInterval 9
    cpmCPUTotalMonIntervalValue 10
    cpmCPUInterruptMonIntervalValue 11
    cpmCPUMemoryUsed 12
    cpmCPUMemoryFree 13
    cpmCPUMemoryKernelReserved 14
    cpmCPUMemoryLowest 15
    cpmCPUMemoryUsedOvrflw 16
    cpmCPUMemoryHCUsed 17
    cpmCPUMemoryFreeOvrflw 18
    cpmCPUMemoryHCFree 19
    cpmCPUMemoryKernelReservedOvrflw 20
    cpmCPUMemoryHCKernelReserved 21
    cpmCPUMemoryLowestOvrflw 22
    cpmCPUMemoryHCLowest 23
    cpmCPULoadAvg1min 24
    cpmCPULoadAvg5min 25
    cpmCPULoadAvg15min 26
    cpmCPUMemoryCommitted 27
    cpmCPUMemoryCommittedOvrflw 28
    cpmCPUMemoryHCCommitted 29
    @cpmProcessEntry 1.3.6.1.4.1.9.9.109.1.2.1.1
    cpmProcessPID 1
    cpmProcessName 2
    cpmProcessState 3 down=0 running=1 started=2 waiting=3 disabled=4 userdisabled=5 locked=6 other=7
    cpmProcessuSecs 4
    cpmProcessTimeCreated 5
    cpmProcessAverageUSecs 6
    @cpmProcessExtRevEntry 1.3.6.1.4.1.9.9.109.1.2.3.1
    cpmProcExtUtil5SecRev 5
    @cpmCPUThresholdEntry 1.3.6.1.4.1.9.9.109.1.2.4.1
    cpmCPURisingThresholdValue 2
    cpmCPUFallingThresholdValue 4
    @ciscoProcessMIBNotifs 1.3.6.1.4.1.9.9.109.2.0
    cpmCPURisingThreshold 1 trap
    cpmCPUFallingThreshold 2 trap
    cpmProcessStateTrap 3 trap
    @cefcFRUPowerStatusEntry 1.3.6.1.4.1.9.9.117.1.1.2.1
    cefcFRUPowerAdminStatus 1 on=1 off=2 inlineAuto=3 inlineOn=4 powerCycle=5
    cefcFRUPowerOperStatus 2 offEnvOther=1 on=2 offAdmin=3 offDenied=4 offEnvPower=5 offEnvTemp=6
    + offEnvFan=7 failed=8 onButFanFail=9 offCooling=10 offConnectorRating=11 onButInlinePowerFail=12
    cefcFRUCurrent 3
    cefcFRUPowerCapability 4 bits realTimeCurrent=0
    cefcFRURealTimeCurrent 5
    @cefcModuleEntry 1.3.6.1.4.1.9.9.117.1.2.1.1
    cefcModuleAdminStatus 1 enabled=1 disabled=2 reset=3 outOfServiceAdmin=4
    cefcModuleOperStatus 2 unknown=1 ok=2 disabled=3 okButDiagFailed=4 boot=5 selfTest=6 failed=7 missing=8
    + mismatchWithParent=9 mismatchConfig=10 diagFailed=11 dormant=12 outOfServiceAdmin=13
    + outOfServiceEnvTemp=14 poweredDown=15 poweredUp=16 powerDenied=17 powerCycled=18
    + okButPowerOverWarning=19 okButPowerOverCritical=20 syncInProgress=21 upgrading=22 okButAuthFailed=23
    + mdr=24 fwMismatchFound=25 fwDownloadSuccess=26 fwDownloadFailure=27
    cefcModuleResetReason 3 unknown=1 powerUp=2 parityError=3 clearConfigReset=4 manualReset=5
    + watchDogTimeoutReset=6 resourceOverflowReset=7 missingTaskReset=8 lowVoltageReset=9 controllerReset=10
    + systemReset=11 switchoverReset=12 upgradeReset=13 downgradeReset=14 cacheErrorReset=15
    + deviceDriverReset=16 softwareExceptionReset=17 restoreConfigReset=18 abortRevReset=19 burnBootReset=20
    + standbyCdHealthierReset=21 nonNativeConfigClearReset=22 memoryProtectionErrorReset=23
    cefcModuleStatusLastChangeTime 4
    cefcModuleLastClearConfigTime 5
    cefcModuleResetReasonDescription 6
    cefcModuleStateChangeReasonDescr 7
    cefcModuleUpTime 8
    cefcVmModuleOperStatus 9 down=1 up=2 unknown=3 goingDown=4
    cefcVmModuleStatusLastChangeTime 10
    @cefcFanTrayStatusEntry 1.3.6.1.4.1.9.9.117.1.4.1.1
    cefcFanTrayOperStatus 1 unknown=1 up=2 down=3 warning=4
    cefcFanTrayDirection 2 unknown=1 frontToBack=2 backToFront=3
    """
}
