"""Results as DICOM objects that belong to the study of the CT: segmentation, report, parametric map, picture."""
