// Numbers and names as the public MIBs assign them, in the notation of `NameNotation`.

extension BuiltInNames {
  /// LLDP-MIB, SNMPv2-MIB, IF-MIB, IP-MIB, TCP-MIB, BRIDGE-MIB, RMON-MIB and their like; shared words first.
  static let interfaces: StaticString = """
    %AlarmSampleType absoluteValue=1 deltaValue=2
    %AlarmStartupAlarm risingAlarm=1 fallingAlarm=2 risingOrFallingAlarm=3
    %Dot1dStpPortEnable enabled=1 disabled=2
    %EntryStatus valid=1 createRequest=2 underCreation=3 invalid=4
    %HcValueStatus valueNotAvailable=1 valuePositive=2 valueNegative=3
    %InetAddressType unknown=0 ipv4=1 ipv6=2 ipv4z=3 ipv6z=4 dns=16
    %LldpChassisIdSubtype chassisComponent=1 interfaceAlias=2 portComponent=3 macAddress=4 networkAddress=5
    + interfaceName=6 local=7
    %LldpPortIdSubtype interfaceAlias=1 portComponent=2 macAddress=3 networkAddress=4 interfaceName=5
    + agentCircuitId=6 local=7
    %LldpSystemCapabilitiesMap other=0 repeater=1 bridge=2 wlanAccessPoint=3 router=4 telephone=5
    + docsisCableDevice=6 stationOnly=7
    %PingResultsOperStatus enabled=1 disabled=2 completed=3
    %RowStatus active=1 notInService=2 notReady=3 createAndGo=4 createAndWait=5 destroy=6
    %TruthValue true=1 false=2
    %UCDErrorFix noError=0 runFix=1
    %UCDErrorFlag noError=0 error=1
    @lldpNotificationPrefix 1.0.8802.1.1.2.0.0
    lldpRemTablesChange 1 trap
    @lldpStatistics 1.0.8802.1.1.2.1.2
    lldpStatsRemTablesLastChangeTime 1
    lldpStatsRemTablesInserts 2
    lldpStatsRemTablesDeletes 3
    lldpStatsRemTablesDrops 4
    lldpStatsRemTablesAgeouts 5
    @lldpLocalSystemData 1.0.8802.1.1.2.1.3
    lldpLocChassisIdSubtype 1 %LldpChassisIdSubtype
    lldpLocChassisId 2
    lldpLocSysName 3
    @lldpLocPortEntry 1.0.8802.1.1.2.1.3.7.1
    lldpLocPortIdSubtype 2 %LldpPortIdSubtype
    lldpLocPortId 3
    lldpLocPortDesc 4
    @lldpRemEntry 1.0.8802.1.1.2.1.4.1.1
    lldpRemTimeMark 1
    lldpRemLocalPortNum 2
    lldpRemIndex 3
    lldpRemChassisIdSubtype 4 %LldpChassisIdSubtype
    lldpRemChassisId 5
    lldpRemPortIdSubtype 6 %LldpPortIdSubtype
    lldpRemPortId 7
    lldpRemPortDesc 8
    lldpRemSysName 9
    lldpRemSysDesc 10
    lldpRemSysCapSupported 11 bits %LldpSystemCapabilitiesMap
    lldpRemSysCapEnabled 12 bits %LldpSystemCapabilitiesMap
    @lldpXMedNotifications 1.0.8802.1.1.2.1.5.4795.0
    lldpXMedTopologyChangeDetected 1 trap
    @lldpXMedRemCapabilitiesEntry 1.0.8802.1.1.2.1.5.4795.1.3.1.1
    lldpXMedRemDeviceClass 3 notDefined=0 endpointClass1=1 endpointClass2=2 endpointClass3=3
    + networkConnectivity=4
    @lagMIBNotifications 1.2.840.10006.300.43.0
    dot3adAggLinkUpNotification 1 trap
    dot3adAggLinkDownNotification 2 trap
    @dot3adAggPortEntry 1.2.840.10006.300.43.1.2.1.1
    dot3adAggPortActorSystemPriority 2
    @system 1.3.6.1.2.1.1
    sysDescr 1
    sysObjectID 2
    sysUpTime 3
    sysContact 4
    sysName 5
    sysLocation 6
    sysServices 7
    sysORLastChange 8
    @interfaces 1.3.6.1.2.1.2
    ifNumber 1
    @ifEntry 1.3.6.1.2.1.2.2.1
    ifIndex 1
    ifDescr 2
    ifType 3 other=1 regular1822=2 ethernetCsmacd=6 iso88025TokenRing=9 ds1=18 e1=19 basicISDN=20
    + primaryISDN=21 propPointToPointSerial=22 ppp=23 softwareLoopback=24 slip=28 ds3=30 frameRelay=32
    + rs232=33 atm=37 sonet=39 frameRelayService=44 aal5=49 sonetPath=50 sonetVT=51 propVirtual=53
    + propMultiplexor=54 fibreChannel=56 fastEther=62 ieee80211=71 adsl=94 vdsl=97 voiceOverIp=104
    + gigabitEthernet=117 tunnel=131 l2vlan=135 l3ipvlan=136 mplsTunnel=150 rfc1483=159 ieee8023adLag=161
    + mpls=166 hdsl2=168 shdsl=169 infiniband=199 bridge=209 macSecControlledIF=231 wwanPP=243 wwanPP2=244
    + vdsl2=251 capwapDot11Bss=253
    ifMtu 4
    ifSpeed 5
    ifPhysAddress 6 mac
    ifAdminStatus 7 up=1 down=2 testing=3
    ifOperStatus 8 up=1 down=2 testing=3 unknown=4 dormant=5 notPresent=6 lowerLayerDown=7
    ifLastChange 9
    ifInOctets 10
    ifInUcastPkts 11
    ifInNUcastPkts 12
    ifInDiscards 13
    ifInErrors 14
    ifInUnknownProtos 15
    ifOutOctets 16
    ifOutUcastPkts 17
    ifOutNUcastPkts 18
    ifOutDiscards 19
    ifOutErrors 20
    ifOutQLen 21
    ifSpecific 22
    @ip 1.3.6.1.2.1.4
    ipForwarding 1 forwarding=1 notForwarding=2
    @tcpConnEntry 1.3.6.1.2.1.6.13.1
    tcpConnState 1 closed=1 listen=2 synSent=3 synReceived=4 established=5 finWait1=6 finWait2=7 closeWait=8
    + lastAck=9 closing=10 timeWait=11 deleteTCB=12
    @egpNeighEntry 1.3.6.1.2.1.8.5.1
    egpNeighAddr 2
    @dsx1ConfigEntry 1.3.6.1.2.1.10.18.6.1
    dsx1LineStatus 10
    dsx1LineStatusLastChange 16
    @anonymous#1 1.3.6.1.2.1.10.18.15.0
    dsx1LineStatusChange 1 trap
    @dsx3ConfigEntry 1.3.6.1.2.1.10.30.5.1
    dsx3LineStatus 10
    dsx3LineStatusLastChange 14
    @anonymous#2 1.3.6.1.2.1.10.30.15.0
    dsx3LineStatusChange 1 trap
    @rmonEventsV2 1.3.6.1.2.1.16.0
    risingAlarm 1 trap
    fallingAlarm 2 trap
    @alarmEntry 1.3.6.1.2.1.16.3.1.1
    alarmIndex 1
    alarmInterval 2
    alarmVariable 3
    alarmSampleType 4 %AlarmSampleType
    alarmValue 5
    alarmStartupAlarm 6 %AlarmStartupAlarm
    alarmRisingThreshold 7
    alarmFallingThreshold 8
    alarmRisingEventIndex 9
    alarmFallingEventIndex 10
    alarmOwner 11
    alarmStatus 12 %EntryStatus
    @eventEntry 1.3.6.1.2.1.16.9.1.1
    eventIndex 1
    eventDescription 2
    eventType 3 none=1 log=2 snmptrap=3 logandtrap=4
    eventCommunity 4
    eventLastTimeSent 5
    eventOwner 6
    eventStatus 7 %EntryStatus
    @trapDestEntry 1.3.6.1.2.1.16.19.13.1
    trapDestCommunity 2
    @hcAlarmEntry 1.3.6.1.2.1.16.29.1.1.1.1
    hcAlarmIndex 1
    hcAlarmInterval 2
    hcAlarmVariable 3
    hcAlarmSampleType 4 %AlarmSampleType
    hcAlarmAbsValue 5
    hcAlarmValueStatus 6 %HcValueStatus
    hcAlarmStartupAlarm 7 %AlarmStartupAlarm
    hcAlarmRisingThreshAbsValueLo 8
    hcAlarmRisingThreshAbsValueHi 9
    hcAlarmRisingThresholdValStatus 10 %HcValueStatus
    hcAlarmFallingThreshAbsValueLo 11
    hcAlarmFallingThreshAbsValueHi 12
    hcAlarmFallingThresholdValStatus 13 %HcValueStatus
    hcAlarmRisingEventIndex 14
    hcAlarmFallingEventIndex 15
    hcAlarmValueFailedAttempts 16
    hcAlarmOwner 17
    hcAlarmStorageType 18 other=1 volatile=2 nonVolatile=3 permanent=4 readOnly=5
    hcAlarmStatus 19 %RowStatus
    @hcAlarmNotifPrefix 1.3.6.1.2.1.16.29.2.0
    hcRisingAlarm 1 trap
    hcFallingAlarm 2 trap
    @dot1dNotifications 1.3.6.1.2.1.17.0
    newRoot 1 trap
    topologyChange 2 trap
    @dot1dBase 1.3.6.1.2.1.17.1
    dot1dBaseBridgeAddress 1 mac
    @dot1dBasePortEntry 1.3.6.1.2.1.17.1.4.1
    dot1dBasePort 1
    dot1dBasePortIfIndex 2
    @dot1dStp 1.3.6.1.2.1.17.2
    dot1dStpPriority 2
    dot1dStpTimeSinceTopologyChange 3
    dot1dStpTopChanges 4
    dot1dStpDesignatedRoot 5 hex
    dot1dStpRootPort 7
    @dot1dStpPortEntry 1.3.6.1.2.1.17.2.15.1
    dot1dStpPort 1
    dot1dStpPortState 3 disabled=1 blocking=2 listening=3 learning=4 forwarding=5 broken=6
    dot1dStpPortEnable 4 %Dot1dStpPortEnable
    @dot1dTpFdbEntry 1.3.6.1.2.1.17.4.3.1
    dot1dTpFdbAddress 1 mac
    dot1dTpFdbPort 2
    dot1dTpFdbStatus 3 other=1 invalid=2 learned=3 self=4 mgmt=5
    """
}
